internal import Synchronization

/// Wakes those who wait for what commits leave behind.
final class Changes: Sendable {
    /// What a commit changed that others wait for.
    struct Effects: Sendable {
        var hasOutbox = false
        var hasAccounts = false
        var hasCampaigns = false
    }

    private enum Topic: Sendable {
        case outbox
        case accounts
        case campaigns
    }

    private struct Listener: Sendable {
        let id: Int
        let topic: Topic
        let continuation: AsyncStream<Void>.Continuation
    }

    private struct Listeners: Sendable {
        var next = 0
        var all: [Listener] = []
    }

    private let listeners = Mutex(Listeners())

    func announce(_ effects: Effects) {
        guard effects.hasOutbox || effects.hasAccounts || effects.hasCampaigns else { return }
        let due = listeners.withLock { listeners in
            listeners.all.filter { listener in
                switch listener.topic {
                case .outbox: effects.hasOutbox
                case .accounts: effects.hasAccounts
                case .campaigns: effects.hasCampaigns
                }
            }
        }
        for listener in due { listener.continuation.yield() }
    }

    func end() {
        let all = listeners.withLock { listeners in
            defer { listeners = Listeners() }
            return listeners.all
        }
        for listener in all { listener.continuation.finish() }
    }

    func outbox() -> AsyncStream<Void> { stream(.outbox) }
    func accounts() -> AsyncStream<Void> { stream(.accounts) }
    func campaigns() -> AsyncStream<Void> { stream(.campaigns) }

    private func stream(_ topic: Topic) -> AsyncStream<Void> {
        // Whoever is late needs to know that something came, not how often.
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let id = listeners.withLock { listeners in
            listeners.next += 1
            listeners.all.append(
                Listener(id: listeners.next, topic: topic, continuation: continuation)
            )
            return listeners.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.listeners.withLock { listeners in
                listeners.all.removeAll { $0.id == id }
            }
        }
        // Something may wait from before.
        continuation.yield()
        return stream
    }
}
