public import KeyExchange

/// The last retirement that a device has obeyed; remembered before anything is destroyed.
public struct Retirement: Hashable, Sendable {
    /// Names that are kept beside each other under one counter.
    static let maximumOperations = 8

    /// Its counter.
    public let counter: UInt64
    /// What was obeyed under this counter, the last one last; empty in a record of the first format.
    ///
    /// A server that came back from an old copy of itself gives a counter out twice.
    public let operations: [OperationID]
    /// What the last one destroys.
    public let scope: RetireScope
    /// What it destroyed, as much of it as a receipt can name.
    public let destroyed: [DestroyedKey]
}

extension Retirement {
    /// One that follows what was obeyed before.
    init(
        _ operation: OperationID,
        counter: UInt64,
        scope: RetireScope,
        destroyed: [DestroyedKey],
        after last: Retirement?
    ) {
        let others = last?.counter == counter ? last?.operations ?? [] : []
        self.init(
            counter: counter,
            operations: (others.filter { $0 != operation } + [operation])
                .suffix(Self.maximumOperations),
            scope: scope,
            destroyed: Array(Self.once(destroyed).prefix(Receipt.limit))
        )
    }

    /// Each generation once, the first that is named: a receipt that names one twice is refused.
    static func once(_ destroyed: [DestroyedKey]) -> [DestroyedKey] {
        destroyed.enumerated().filter { index, key in
            !destroyed[..<index].contains { $0.name == key.name && $0.epoch == key.epoch }
        }.map(\.element)
    }

    /// How the keys' record says that the destruction is done; nil in a record of the first format.
    var mark: Mark? { operations.last.map { Mark(counter: counter, operation: $0) } }

    /// Names one retirement of one device.
    struct Mark: Hashable, Sendable {
        let counter: UInt64
        let operation: OperationID
    }
}
