public import EDHOC
internal import Fleet
public import KeyExchange
public import Registry

/// What a session asks of the registry, and what the answer means to the session: without time,
/// link or log.
///
/// What it returns is committed: whoever passes it on may do so at once, or never.
public struct Clerk: Sendable {
    private let registry: Registry
    private let crypto: any Crypto

    /// Works on one fleet's registry.
    public init(_ registry: Registry, crypto: any Crypto) {
        self.registry = registry
        self.crypto = crypto
    }

    /// A decision, and whom it is about; nil with a refusal.
    public struct Decided: Sendable {
        /// The device as the registry names it.
        public let device: DeviceID?
        /// What the session tells it.
        public let decision: Decision
    }

    /// The credential behind an identifier that came over `channel`; nil when there is none.
    public func credential(
        _ id: CredentialID,
        on channel: Channel
    ) throws(RegistryError) -> Credential? {
        switch channel {
        case .enrolment:
            // Only who enrols sends a credential whole, and only it may come without a name.
            guard let ccs = id.credentialByValue else { return nil }
            return try? Credential(ccs: ccs, sentByValue: true)
        case .device(let device):
            guard let kid = id.kid else { return nil }
            let found = try registry.knownCredential(kid: kid)
            // The broker vouches for the topic, the handshake for the key: both must be one device.
            guard found?.subject == device.description else { return nil }
            return found
        }
    }

    /// Marks the beginning of a session in the order of events.
    public func ticket() -> Ticket { registry.ticket() }

    /// Decides about an authenticated device; `generation` is that of the server's anchor under which
    /// the session is held, nil for the current one.
    ///
    /// `began` was drawn when the server took its message_1, before it answered.
    public func reconcile(
        _ introduction: Introduction,
        answeredBy generation: UInt32? = nil,
        began: Ticket? = nil,
        now: Int64
    ) async throws(RegistryError) -> Decided {
        let contact = Contact(
            credential: introduction.credential,
            isByValue: introduction.isByValue,
            claim: introduction.enrolment.map {
                EnrolmentClaim(
                    tokenID: $0.tokenID,
                    proof: $0.mac,
                    message: introduction.enrolmentMessage
                )
            },
            report: introduction.report,
            brokerPasswordHash: introduction.isByValue
                ? try BrokerAccountLine.hash(introduction.brokerPassword, crypto)
                : nil,
            answeredBy: generation,
            began: began,
            now: now
        )
        switch try await registry.reconcile(contact) {
        case .offer(let device, let offer, let verdicts):
            return Decided(device: device, decision: .offer(offer, verdicts: verdicts))
        case .settle(let device, let settle):
            return Decided(device: device, decision: .settle(settle.sent(now)))
        case .retire(let device, let retire):
            return Decided(device: device, decision: .retire(retire))
        case .refuse(let problem): return Decided(device: nil, decision: .refuse(problem))
        }
    }

    /// Settles what became of an offer.
    public func confirm(
        device: DeviceID,
        _ operation: OperationID,
        _ results: [InstallResult],
        verdicts: [Verdict],
        now: Int64
    ) async throws(RegistryError) -> Settle {
        try await registry.confirm(
            device: device,
            operation: operation,
            outcomes: results.map {
                KeyOutcome(name: $0.name, epoch: $0.epoch, failure: $0.failure)
            },
            verdicts: verdicts,
            now: now
        ).sent(now)
    }

    /// Records a retirement.
    public func acknowledge(
        device: DeviceID,
        _ receipt: Receipt,
        now: Int64
    ) async throws(RegistryError) -> Settle {
        try await registry.acknowledge(device: device, receipt, now: now).sent(now)
    }

    /// What a device is told when the registry failed: to come again, having lost nothing.
    public static func problem(_ error: RegistryError) -> Problem {
        Problem(error.code == .busy ? .busy : .serverFailed)
    }
}

extension Settle {
    /// With the time at which it leaves, which a device judges by whether an order is over.
    fileprivate func sent(_ now: Int64) -> Settle {
        var settle = self
        settle.time = UInt64(clamping: now)
        return settle
    }
}
