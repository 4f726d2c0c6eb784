/// What the broker has not yet acknowledged, by packet identifier.
struct Acknowledgements {
    enum Entry {
        case publication(topic: String, Answer?)
        case subscription([String], Answer?)
        /// What a new connection asks for again; it counts as connected when that is answered.
        case resubscription([String])
    }

    private var entries: [CInt: (entry: Entry, deadline: Instant)] = [:]
    private var abandoned: [Entry] = []
    /// No later than the first deadline; nil when nothing waits, so that an idle thread sleeps on.
    private(set) var earliestDeadline: Instant?

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ entry: Entry, as identifier: CInt, until deadline: Instant) {
        entries[identifier] = (entry, deadline)
        if earliestDeadline == nil { earliestDeadline = deadline }
    }

    mutating func take(_ identifier: CInt) -> Entry? {
        defer { if entries.isEmpty { earliestDeadline = nil } }
        return entries.removeValue(forKey: identifier)?.entry
    }

    mutating func takeExpired(at now: Instant) -> [Entry] {
        guard let earliestDeadline, earliestDeadline <= now else { return [] }
        let late = entries.filter { $0.value.deadline <= now }
        for identifier in late.keys { entries[identifier] = nil }
        self.earliestDeadline = entries.values.map(\.deadline).min()
        return late.values.map(\.entry)
    }

    /// Keeps a command that will never be carried out, so that its caller gets an answer at the end.
    mutating func abandon(_ command: Command) {
        switch command {
        case .publish(let publication, let answer):
            abandoned.append(.publication(topic: publication.topic, answer))
        case .subscribe(let filters, let answer):
            abandoned.append(.subscription(filters, answer))
        }
    }

    mutating func takeAll() -> [Entry] {
        defer {
            entries.removeAll()
            abandoned.removeAll()
            earliestDeadline = nil
        }
        return entries.values.map(\.entry) + abandoned
    }
}
