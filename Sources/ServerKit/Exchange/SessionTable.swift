internal import EDHOC
internal import KeyExchange

/// The open sessions of one worker: bounded, each with a deadline, at most one for each channel.
struct SessionTable {
    /// One open session.
    final class Entry {
        /// The machine.
        var session: ServerSession
        /// Where it takes place; a payload from elsewhere never reaches it.
        let channel: Channel
        /// The payload that began it.
        let beginning: [UInt8]
        /// When it is given up.
        var deadline: ContinuousClock.Instant
        /// When it began.
        let began: ContinuousClock.Instant
        /// Whether the device has not proved anything yet.
        var isHalfOpen = true
        /// Work that was asked for is under way: nothing may replace the session now.
        var isBusy = false
        /// The device, once the registry has named it.
        var device: DeviceID?
        /// Its last answer is sent; it stays to repeat it.
        var isOver = false

        init(
            session: consuming ServerSession, channel: Channel, beginning: [UInt8],
            began: ContinuousClock.Instant, deadline: ContinuousClock.Instant
        ) {
            self.session = session
            self.channel = channel
            self.beginning = beginning
            self.began = began
            self.deadline = deadline
        }
    }

    private let capacity: Int
    private var entries: [ConnectionID: Entry] = [:]
    private var connections: [Channel: ConnectionID] = [:]

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }
    /// Sessions that are neither over nor half open.
    var busyCount: Int { entries.values.count { $0.isBusy } }

    func entry(_ connection: ConnectionID, on channel: Channel) -> Entry? {
        guard let entry = entries[connection], entry.channel == channel else { return nil }
        return entry
    }

    func entry(on channel: Channel) -> Entry? {
        connections[channel].flatMap { entries[$0] }
    }

    func isFree(_ connection: ConnectionID) -> Bool { entries[connection] == nil }

    /// Whether one more fits; makes room by ending a session that is over or has hung for long.
    mutating func makeRoom(now: ContinuousClock.Instant, patience: Duration) -> Bool {
        guard entries.count >= capacity else { return true }
        _ = expire(now: now)
        guard entries.count >= capacity else { return true }
        // Half-open sessions are what a flood is made of; an honest device answers within a moment.
        let oldest =
            entries
            .filter { $0.value.isOver || $0.value.isHalfOpen && !$0.value.isBusy }
            .min { $0.value.began < $1.value.began }
        guard let oldest, oldest.value.isOver || oldest.value.began + patience < now else {
            return false
        }
        remove(oldest.key)
        return true
    }

    mutating func insert(_ entry: Entry, _ connection: ConnectionID) {
        if let previous = connections[entry.channel] { remove(previous) }
        entries[connection] = entry
        connections[entry.channel] = connection
    }

    mutating func remove(_ connection: ConnectionID) {
        guard let entry = entries.removeValue(forKey: connection) else { return }
        if connections[entry.channel] == connection {
            connections.removeValue(forKey: entry.channel)
        }
    }

    /// Ends every session whose time is over, but none that has work under way; returns how many.
    mutating func expire(now: ContinuousClock.Instant) -> (ended: Int, unfinished: Int) {
        let late = entries.filter { $0.value.deadline <= now && !$0.value.isBusy }
        for connection in late.keys { remove(connection) }
        return (late.count, late.values.count { !$0.isOver })
    }
}
