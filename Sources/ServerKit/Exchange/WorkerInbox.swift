internal import Synchronization

/// Payloads that wait for one worker, so that the workers run side by side.
///
/// Bounded: when it is full **the newest is dropped**, and a message_1 already when it is half full.
/// So a flood of beginnings leaves room for what sessions under way wait for. Devices ask again.
final class WorkerInbox: Sendable {
    private struct Item: Sendable {
        let payload: [UInt8]
        let channel: Channel
    }

    let worker: SessionWorker
    private let capacity: Int
    private let waiting = Atomic<Int>(0)
    private let items: AsyncStream<Item>
    private let continuation: AsyncStream<Item>.Continuation

    /// An inbox in which at most so many payloads wait.
    init(_ worker: SessionWorker, capacity: Int = 1024) {
        self.worker = worker
        self.capacity = capacity
        // The bound is kept by `put`.
        (items, continuation) = AsyncStream.makeStream(
            of: Item.self,
            bufferingPolicy: .bufferingOldest(capacity)
        )
    }

    /// Puts one in, for one caller at a time; false when it was dropped.
    func put(_ payload: [UInt8], on channel: Channel, isStart: Bool) -> Bool {
        let limit = isStart ? capacity / 2 : capacity
        guard waiting.load(ordering: .relaxed) < limit else { return false }
        waiting.add(1, ordering: .relaxed)
        continuation.yield(Item(payload: payload, channel: channel))
        return true
    }

    /// Hands over what comes, until the task is cancelled.
    func serve() async {
        for await item in items {
            waiting.subtract(1, ordering: .relaxed)
            await worker.receive(item.payload, on: item.channel)
        }
    }
}
