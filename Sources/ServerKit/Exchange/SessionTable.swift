internal import EDHOC
internal import KeyExchange
internal import Registry

/// The open sessions of one worker: bounded, each with a deadline, at most one for each channel.
///
/// A flood meets the table full, so nothing here looks at every session: those that may have to go
/// stand in line, and the ones at the front go first.
struct SessionTable {
    /// How far a session has come, as far as its place in the table depends on it.
    enum Stage: Hashable {
        /// The identity key works on message_2.
        case beginning
        /// message_2 is sent; the device has proved nothing yet.
        case challenged
        /// The device is authentic.
        case authentic
        /// The last answer is sent; the session stays to repeat it.
        case over
    }

    /// One open session.
    final class Entry {
        /// The machine.
        var session: ServerSession
        /// Under which of the server's identities it is held.
        let answering: Answering
        /// Where it takes place; a payload from elsewhere never reaches it.
        let channel: Channel
        /// The payload that began it.
        let beginning: [UInt8]
        /// When it is given up.
        let deadline: ContinuousClock.Instant
        /// Its beginning in the order of the registry's events; nil where nothing asks for it.
        let ticket: Ticket?
        /// How far it has come.
        fileprivate(set) var stage = Stage.beginning
        fileprivate var stageBegan: ContinuousClock.Instant
        /// Work that was asked for is under way: nothing may replace the session now.
        var isBusy = false
        /// The device, once the registry has named it.
        var device: DeviceID?

        init(
            session: consuming ServerSession,
            answering: Answering,
            channel: Channel,
            beginning: [UInt8],
            began: ContinuousClock.Instant,
            deadline: ContinuousClock.Instant,
            ticket: Ticket? = nil
        ) {
            self.session = session
            self.answering = answering
            self.channel = channel
            self.beginning = beginning
            self.deadline = deadline
            self.ticket = ticket
            stageBegan = began
        }
    }

    private let capacity: Int
    private var entries: [ConnectionID: Entry] = [:]
    private var connections: [Channel: ConnectionID] = [:]
    /// All in the order of their deadlines; sessions that were removed are passed over when their turn comes.
    private var all = Line<ConnectionID>()
    private var challenged = Line<ConnectionID>()
    private var over = Line<ConnectionID>()
    /// Work was under way when their time was over.
    private var late: [ConnectionID] = []

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }
    var isFull: Bool { entries.count >= capacity }
    /// Places in line, those of sessions that are gone among them.
    var remembered: Int { all.count + challenged.count + over.count + late.count }
    /// Sessions that have work under way.
    var busyCount: Int { entries.values.count { $0.isBusy } }

    func entry(_ connection: ConnectionID, on channel: Channel) -> Entry? {
        guard let entry = entries[connection], entry.channel == channel else { return nil }
        return entry
    }

    func entry(on channel: Channel) -> Entry? {
        connections[channel].flatMap { entries[$0] }
    }

    func isFree(_ connection: ConnectionID) -> Bool { entries[connection] == nil }

    /// Whether one more fits; ends the oldest session that is over, or else that has hung for long.
    mutating func makeRoom(now: ContinuousClock.Instant, patience: Duration) -> Bool {
        guard isFull else { return true }
        if let oldest = front(of: \.over, at: .over) {
            remove(oldest.session.connection)
            return true
        }
        // What a flood is made of; an honest device answers within a moment.
        guard let oldest = front(of: \.challenged, at: .challenged),
            oldest.stageBegan + patience < now
        else { return false }
        remove(oldest.session.connection)
        return true
    }

    /// Opens a session; one that was open on its channel ends.
    mutating func insert(_ entry: Entry) {
        let connection = entry.session.connection
        if let previous = connections[entry.channel] { remove(previous) }
        entries[connection] = entry
        connections[entry.channel] = connection
        add(connection, to: \.all) { _ in true }
    }

    /// Notes how far a session has come.
    mutating func move(_ entry: Entry, to stage: Stage, now: ContinuousClock.Instant) {
        let connection = entry.session.connection
        guard entries[connection] === entry, entry.stage != stage else { return }
        entry.stage = stage
        entry.stageBegan = now
        switch stage {
        case .beginning, .authentic: break
        case .challenged: add(connection, to: \.challenged) { $0.stage == .challenged }
        case .over: add(connection, to: \.over) { $0.stage == .over }
        }
    }

    mutating func remove(_ connection: ConnectionID) {
        guard let entry = entries.removeValue(forKey: connection) else { return }
        if connections[entry.channel] == connection {
            connections.removeValue(forKey: entry.channel)
        }
    }

    /// Ends every session whose time is over, but none that has work under way; returns how many of
    /// them had not come to their end.
    mutating func expire(now: ContinuousClock.Instant) -> Int {
        var unfinished = 0
        func isDue(_ entry: Entry) -> Bool { entry.deadline <= now && !entry.isBusy }
        let waited = late
        late = []
        for connection in waited {
            guard let entry = entries[connection] else { continue }
            guard isDue(entry) else {
                late.append(connection)
                continue
            }
            if entry.stage != .over { unfinished += 1 }
            remove(connection)
        }
        while let connection = all.first {
            if let entry = entries[connection] {
                guard entry.deadline <= now else { break }
                if entry.isBusy {
                    late.append(connection)
                } else {
                    if entry.stage != .over { unfinished += 1 }
                    remove(connection)
                }
            }
            all.removeFirst()
        }
        if entries.isEmpty {
            // Nobody is left to stand in line.
            (challenged, over) = (Line(), Line())
        }
        return unfinished
    }

    /// The first in line that is still open and still at this stage.
    private mutating func front(
        of line: WritableKeyPath<Self, Line<ConnectionID>>,
        at stage: Stage
    ) -> Entry? {
        while let connection = self[keyPath: line].first {
            if let entry = entries[connection], entry.stage == stage { return entry }
            self[keyPath: line].removeFirst()
        }
        return nil
    }

    private mutating func add(
        _ connection: ConnectionID,
        to line: WritableKeyPath<Self, Line<ConnectionID>>,
        isWanted: (Entry) -> Bool
    ) {
        self[keyPath: line].append(connection)
        // Sessions that are gone leave the line only at its front: the rest is cleared now and then.
        guard self[keyPath: line].count > 2 * capacity + 64 else { return }
        let entries = entries
        self[keyPath: line].keep { entries[$0].map(isWanted) ?? false }
    }
}
