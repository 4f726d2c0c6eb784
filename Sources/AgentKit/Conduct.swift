public import EDHOC
public import KeyExchange
public import KeyStore

/// One session with the server and what it makes of the store: without time, link or log.
///
///     event ── store it ──▶ next event … ──▶ transmit, wait, or the end
///
/// The order survives a crash at any point: first the disk, then the answer. So an answer that
/// reaches the server is true for ever, and one that was never sent costs another session.
public struct Conduct: ~Copyable {
    /// What to do after a step.
    public enum Step: Sendable {
        /// Perform this event, too.
        case event(DeviceEvent)
        /// Send `outgoing`, and again until a payload says otherwise.
        case transmit
        /// Nothing, until something comes.
        case wait
        /// Let the hook try these keys, which are stored, then perform what `tried` returns.
        ///
        /// Only where the device has a hook.
        case tryOut([NewKey])
        /// The session is over.
        case end(Outcome)
    }

    /// What ended a session.
    public enum Outcome: Sendable {
        /// Both sides agree.
        case settled
        /// The server said no, authentically.
        case refused(Problem)
        /// It broke, or took too long.
        case failed(SessionFailure)
    }

    /// What a step did on the disk, for the log.
    public enum Note: Sendable {
        /// Keys were stored, or not, and why the disk took none.
        case installed(Offer, [InstallResult], fault: StoreError?)
        /// The hook refused a stored key, which is gone, or why it could not be destroyed.
        case refused(NewKey, fault: StoreError?)
        /// A generation came into use.
        case inUse(KeyName, Epoch)
        /// A new anchor is pinned, beside the one of this session.
        case pinned(UInt32)
        /// The server announced an anchor that this device does not pin, and why.
        case anchorRefused(String)
        /// A generation is gone.
        case destroyed(DestroyedKey, reason: String)
    }

    /// Whether it goes through the enrolment account, with the credential by value.
    public let isEnrolment: Bool
    /// By which anchor the server must answer.
    public let anchor: PinnedAnchor
    private var session: DeviceSession
    private let store: KeyStore
    private let crypto: any Crypto
    private let hasHook: Bool
    private let fleet: FleetID
    /// The offer that the hook is trying, and what became of its keys so far.
    private var trial: (offer: Offer, results: [InstallResult])?
    /// Whether the server has ordered the device's end in it.
    private var endsDevice = false

    /// Begins a session as `device`, whom `store` describes; `outgoing` is its first payload.
    ///
    /// The server must answer by `anchor`, else by the newest that the device has pinned. `instance` is
    /// `Report.instanceLength` random bytes, drawn once for each start of the agent.
    public init(
        as device: DeviceRecord,
        of store: KeyStore,
        isEnrolment: Bool,
        connection: ConnectionID,
        suites: [CipherSuite.ID],
        version: String,
        instance: [UInt8],
        crypto: any Crypto,
        anchor: PinnedAnchor? = nil,
        hasHook: Bool = false
    ) throws {
        let anchor = anchor ?? device.newestAnchor
        self.anchor = anchor

        let profile = DeviceProfile(
            fleet: device.fleet,
            server: try Credential(ccs: anchor.server, sentByValue: false),
            anchor: anchor.generation,
            own: try Credential(ccs: device.credential, sentByValue: isEnrolment)
        )
        session = try DeviceSession(
            profile: profile,
            token: isEnrolment ? device.token : nil,
            report: store.report(agentVersion: version, instance: instance),
            connectionID: connection,
            suites: suites,
            crypto: crypto
        )
        self.isEnrolment = isEnrolment
        self.hasHook = hasHook
        fleet = device.fleet
        self.store = store
        self.crypto = crypto
    }

    /// The payload to send, and to send again until a step says otherwise.
    public var outgoing: [UInt8] { session.outgoing }

    /// Takes a payload; perform what it says.
    public mutating func receive(_ payload: [UInt8]) -> DeviceEvent { session.receive(payload) }

    /// Performs what the session says, durably, and returns what follows; `note` hears of each change.
    ///
    /// Throws when the store or the identity key fails: then the session cannot go on.
    public mutating func perform(
        _ event: DeviceEvent,
        note: (Note) -> Void = { _ in }
    ) async throws -> Step {
        switch event {
        case .nothing: return .wait
        case .send: return .transmit
        case .perform(let operation):
            let result = try await identityKey().perform(operation)
            return .event(session.provide(result))
        case .install(let offer):
            try rememberEnrolment()
            let (results, fault) = store.install(offer.keys)
            note(.installed(offer, results, fault: fault))
            let new = hasHook ? self.new(among: results) : []
            if !new.isEmpty {
                trial = (offer, results)
                return .tryOut(new)
            }
            return .event(session.installed(results))
        case .settle(let settle):
            try rememberEnrolment()
            try settled(settle, note)
            return .end(.settled)
        case .retire(let retire):
            try rememberEnrolment()
            let destroyed = try store.retire(
                retire.operation,
                counter: retire.counter,
                scope: retire.scope
            )
            if retire.scope == .device { endsDevice = true }
            for key in destroyed { note(.destroyed(key, reason: "retired")) }
            return .event(session.destroyed(destroyed))
        case .refused(let problem): return .end(.refused(problem))
        case .failed(let failure): return .end(.failed(failure))
        }
    }

    /// Takes the keys that the hook refuses: destroys them first, then tells the server.
    ///
    /// A key that cannot be destroyed now is refused all the same; it stays pending, which nobody uses
    /// to encrypt or sign, until the server's next word about it.
    public mutating func tried(
        refusing refused: [NewKey],
        note: (Note) -> Void = { _ in }
    ) -> DeviceEvent {
        guard let trial else { preconditionFailure("no trial is open") }
        self.trial = nil
        for key in refused {
            do throws(StoreError) {
                try store.refuse(key.name, key.entry.epoch)
                note(.refused(key, fault: nil))
            } catch {
                note(.refused(key, fault: error))
            }
        }
        let results = trial.results.map { result in
            let isRefused = refused.contains {
                $0.name == result.name && $0.entry.epoch == result.epoch
            }
            return isRefused
                ? InstallResult(name: result.name, epoch: result.epoch, failure: .hookFailed)
                : result
        }
        return session.installed(results)
    }

    /// Those that are not in use yet; a repeated offer may name others.
    private func new(among results: [InstallResult]) -> [NewKey] {
        let stored = store.keys
        return results.filter { $0.failure == nil }.compactMap { result in
            stored.first { $0.name == result.name }?.epochs
                .first { $0.epoch == result.epoch && $0.state == .pending }
                .map { NewKey(name: result.name, entry: $0) }
        }
    }

    /// The server has authenticated itself and let the device in.
    private func rememberEnrolment() throws {
        guard isEnrolment, let account = session.brokerPassword() else { return }
        try store.enrolled(account: account)
    }

    private func settled(_ settle: Settle, _ note: (Note) -> Void) throws {
        // First, so that it goes to the disk with what the verdicts change.
        if let time = settle.time { store.note(serverTime: time) }
        let destroyed = try store.apply(settle.verdicts)
        for verdict in settle.verdicts {
            guard case .activate(let epoch, _) = verdict.action else { continue }
            note(.inUse(verdict.name, epoch))
        }
        for key in destroyed { note(.destroyed(key, reason: "superseded or removed")) }
        if let announcement = settle.anchor { pin(announcement, note) }
        if endsDevice { try store.finishRetirement() }
    }

    /// What can't be pinned today is announced again in the next session.
    private func pin(_ announcement: [UInt8], _ note: (Note) -> Void) {
        do {
            let new: Anchor
            if let commandKey = anchor.commandKey {
                new = try Anchor.verify(
                    announcement,
                    commandKey: commandKey,
                    fleet: fleet,
                    crypto: crypto
                )
            } else {
                new = try Anchor.verifyFirst(
                    announcement,
                    server: Credential(ccs: anchor.server, sentByValue: false),
                    fleet: fleet,
                    crypto: crypto
                )
            }
            if try store.pin(new, besides: anchor) { note(.pinned(new.generation)) }
        } catch {
            note(.anchorRefused("\(error)"))
        }
    }

    private func identityKey() throws -> SoftwareKey {
        guard let privateKey = store.device?.privateKey else {
            throw StoreError(.corrupt, "the device record has no identity key")
        }
        return SoftwareKey(try crypto.agreementKey(.p256, privateKey: privateKey.secret))
    }
}

/// A key that is stored and not in use yet.
public struct NewKey: Sendable {
    /// Its name.
    public let name: KeyName
    /// Its new generation.
    public let entry: StoredEpoch
}
