import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Testing

@testable import Registry

/// A device that follows the server's generations: it talks under the newest that it has pinned and that
/// the server still answers, and pins what a pinned command key vouches for.
struct FollowingDevice {
    private(set) var device: FakeDevice
    var id: DeviceID { device.id }
    /// The generations that it has pinned, ascending.
    var pinned: [UInt32] { anchors.map(\.generation) }
    /// Whether it makes nothing of announcements.
    var isDeaf = false
    /// Where it talks.
    var registry: Registry
    private var anchors: [Anchor]
    private let crypto = MbedCrypto()

    /// With a bundle's generation; `pinned` empty for a bundle without one.
    init(_ name: String, at registry: Registry, pinned: [UInt32]? = nil) throws {
        device = try FakeDevice(name)
        self.registry = registry
        let fleet = registry.fleet
        let newest = registry.newestAnchor
        anchors = pinned == [] ? [] : [newest.wire(fleet, beside: newest.generation)]
        device.instance = [UInt8](repeating: 7, count: 8)
        device.anchor = anchors.last?.generation ?? 0
    }

    mutating func enrol(with bundle: CreatedBundle) async throws {
        try await talk(device.claim(bundle))
    }

    /// A whole session under the newest generation that is answered.
    @discardableResult
    mutating func talk(_ claim: EnrolmentClaim? = nil) async throws -> Answer {
        let answering =
            anchors.reversed().lazy.compactMap { [registry] anchor in
                // A first generation says nothing in its handshake.
                registry.anchor(answering: anchor.generation > 1 ? anchor.generation : nil)
                    .flatMap { $0.credential == anchor.server ? $0 : nil }
            }.first ?? (anchors.isEmpty ? registry.anchor(answering: nil) : nil)
        guard let answering else { throw MessageError("the server answers under none of its pins") }
        let old = claim == nil ? try device.contact() : try device.contact(byValue: claim)
        let contact = Contact(
            credential: old.credential,
            isByValue: old.isByValue,
            claim: old.claim,
            report: old.report,
            brokerPasswordHash: old.brokerPasswordHash,
            answeredBy: answering.generation,
            now: old.now
        )
        let answer = try await registry.reconcile(contact)
        switch answer {
        case .offer(let name, let offer, let verdicts):
            let settle = try await registry.confirm(
                device: name,
                operation: offer.operation,
                outcomes: device.install(offer),
                verdicts: verdicts,
                now: Home.now
            )
            device.obey(settle)
            try pin(settle.anchor, answering)
        case .settle(_, let settle):
            device.obey(settle)
            try pin(settle.anchor, answering)
        case .retire, .refuse: break
        }
        return answer
    }

    private mutating func pin(_ announcement: [UInt8]?, _ answering: ServerAnchor) throws {
        guard let announcement, !isDeaf else { return }
        // Who knows no command key takes that of the identity which vouches for the session.
        let keys = anchors.isEmpty ? [answering.commandKey.publicKey] : anchors.map(\.commandKey)
        let (fleet, crypto) = (registry.fleet, crypto)
        let believed = keys.lazy.compactMap { key in
            try? Anchor.verify(announcement, commandKey: key, fleet: fleet, crypto: crypto)
        }.first
        let anchor = try #require(believed, "no pinned key vouches for the announcement")
        // Not newer than its own: it has that number from another day.
        guard anchor.generation > device.anchor else { return }
        // As devices do: the newest, and the one beside it that it names or that answered.
        let kept =
            anchors.first { $0.generation == anchor.beside }
            ?? anchors.first { $0.generation == answering.generation }
        anchors = (kept.map { [$0] } ?? []) + [anchor]
        device.anchor = anchor.generation
    }
}
