internal import EDHOC
internal import KeyExchange
internal import Synchronization

/// The generations that the server works with, for all who ask while it runs.
///
/// A change is published here after its commit; who comes a moment too early asks again.
final class LiveAnchors: Sendable {
    /// What the database holds, opened.
    struct Content: Sendable {
        /// Ascending, never empty: the first is the current one.
        let answering: [ServerAnchor]
        /// Those of generations out of use too: a device left behind obeys no other.
        let commandKeys: [UInt32: any SigningKey]

        var current: ServerAnchor { answering[0] }
        var newest: ServerAnchor { answering[answering.count - 1] }

        func answering(_ generation: UInt32) -> ServerAnchor? {
            answering.first { $0.generation == generation }
        }
    }

    /// What is announced, and who vouches for it.
    private struct Introduction: Hashable, Sendable {
        let of: UInt32
        let by: UInt32
    }

    private struct State: Sendable {
        var content: Content
        /// One for each pair of generations that answer: a handful.
        var announcements: [Introduction: [UInt8]] = [:]
    }

    private let state: Mutex<State>

    init(_ content: Content) {
        precondition(!content.answering.isEmpty, "a fleet has an identity")
        state = Mutex(State(content: content))
    }

    var current: ServerAnchor { state.withLock { $0.content.current } }

    var newest: ServerAnchor { state.withLock { $0.content.newest } }

    func answering(_ generation: UInt32) -> ServerAnchor? {
        state.withLock { $0.content.answering(generation) }
    }

    func commandKey(_ generation: UInt32) -> (any SigningKey)? {
        state.withLock { $0.content.commandKeys[generation] }
    }

    /// Reads the generations again; the lock keeps a late reader from putting back what is older.
    func replace(
        with load: () throws(RegistryError) -> Content
    ) throws(RegistryError) {
        try state.withLock { state throws(RegistryError) in
            state = State(content: try load())
        }
    }

    /// What a device is told that talked under one generation and knows none after `pinned`; nil when
    /// there is nothing new to it.
    ///
    /// The generation that answers vouches for the newest, be there others in between: the device
    /// trusts that one's command key beyond doubt. One that knows no command key yet (0) is first given
    /// the one that belongs to the identity that it talked to.
    func announcement(
        for pinned: UInt32,
        answeredBy generation: UInt32,
        fleet: FleetID
    ) throws(RegistryError) -> (generation: UInt32, bytes: [UInt8])? {
        // One look, and no second: a switch may come in between.
        let (content, announcements) = state.withLock { ($0.content, $0.announcements) }
        let target = pinned == 0 ? content.answering(generation) : content.newest
        guard let target, pinned < target.generation, let key = content.commandKeys[generation]
        else { return nil }
        let introduction = Introduction(of: target.generation, by: generation)
        if let known = announcements[introduction] { return (target.generation, known) }
        do throws(CryptoError) {
            let anchor = target.wire(fleet, beside: content.current.generation)
            let bytes = try Anchor.announce(anchor, signedBy: key)
            state.withLock { $0.announcements[introduction] = bytes }
            return (target.generation, bytes)
        } catch {
            throw RegistryError(.failed, "cannot sign an announcement: \(error)")
        }
    }
}

extension ServerAnchor {
    /// What devices pin of it.
    func wire(_ fleet: FleetID, beside: UInt32) -> Anchor {
        Anchor(
            generation: generation,
            fleet: fleet,
            server: credential,
            commandKey: commandKey.publicKey,
            beside: beside
        )
    }
}

extension LiveAnchors {
    /// The same for a device whose report was noted a moment ago.
    func announcement(
        for trust: DeviceRow.Trust,
        fleet: FleetID
    ) throws(RegistryError) -> [UInt8]? {
        guard let pinned = trust.pinned else { return nil }
        return try announcement(for: pinned, answeredBy: trust.anchor, fleet: fleet)?.bytes
    }
}
