internal import EDHOC
internal import Synchronization

/// The generations that the server works with, for all who ask while it runs.
///
/// A change is published here after its commit; who comes a moment too early asks again.
final class LiveAnchors: Sendable {
    private struct Content: Sendable {
        /// Ascending, never empty: the first is the current one.
        var answering: [ServerAnchor]
        /// Those of generations out of use too: a device left behind obeys no other.
        var commandKeys: [UInt32: any SigningKey]
    }

    private let content: Mutex<Content>

    /// `answering` ascends and holds one at least.
    init(answering: [ServerAnchor], commandKeys: [UInt32: any SigningKey]) {
        precondition(!answering.isEmpty, "a fleet has an identity")
        content = Mutex(Content(answering: answering, commandKeys: commandKeys))
    }

    var current: ServerAnchor { content.withLock { $0.answering[0] } }

    var newest: ServerAnchor { content.withLock { $0.answering[$0.answering.count - 1] } }

    func answering(_ generation: UInt32) -> ServerAnchor? {
        content.withLock { $0.answering.first { $0.generation == generation } }
    }

    func commandKey(_ generation: UInt32) -> (any SigningKey)? {
        content.withLock { $0.commandKeys[generation] }
    }

    /// Takes in a generation that was announced; one that a switch has overtaken is left out.
    func announced(_ anchor: ServerAnchor) {
        content.withLock { content in
            content.commandKeys[anchor.generation] = anchor.commandKey
            guard let last = content.answering.last, last.generation < anchor.generation else {
                return
            }
            content.answering.append(anchor)
        }
    }

    /// Forgets every generation before one.
    func switched(to generation: UInt32) {
        content.withLock { content in
            let rest = content.answering.filter { $0.generation >= generation }
            if !rest.isEmpty { content.answering = rest }
        }
    }
}
