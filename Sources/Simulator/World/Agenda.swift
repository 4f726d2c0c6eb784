internal import KeyExchange
internal import ServerKit

/// What happens in the simulated world at some moment.
enum Event {
    /// The broker hands a payload to the server.
    case toServer([UInt8], Channel)
    /// The broker hands a payload to whoever listens to this topic.
    case toTopic(Topic, [UInt8], isRetained: Bool)
    /// The broker asks a device to come and talk.
    case nudge(Int)
    /// A timer of a device has run out.
    case timer(Int, SimulatedDevice.Timer, number: Int)
    /// A device's link to the broker is there.
    case linked(Int, number: Int)
    /// A device is switched on.
    case boot(Int)
    /// The server is started.
    case serverBoot
    /// The server looks at what is due by time.
    case serverTick
    /// The server looks at its campaigns.
    case campaigns
    /// An admin does something.
    case admin
    /// In the quiet time, admins look whether anything waits for them.
    case supervision
    /// Something breaks.
    case mischief
    /// What was broken is whole again.
    case mended(Trouble)
}

/// The topics that devices listen to.
enum Topic: Hashable {
    case down(Channel)
    case order(DeviceID)
}

/// What lasts for a while.
enum Trouble: Hashable {
    case cut(Int)
    case deviceDiskFull(Int)
    case serverDiskFull
}

/// The events to come, in the order of time; those of one moment in the order in which they were put in.
struct Agenda {
    private struct Entry {
        let time: Int64
        let order: Int
        let event: Event

        func isBefore(_ other: Entry) -> Bool {
            (time, order) < (other.time, other.order)
        }
    }

    private var heap: [Entry] = []
    private var count = 0

    var isEmpty: Bool { heap.isEmpty }
    var nextTime: Int64? { heap.first?.time }

    mutating func add(_ event: Event, at time: Int64) {
        count += 1
        heap.append(Entry(time: time, order: count, event: event))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (time: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.time, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
