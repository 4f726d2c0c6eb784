internal import CBOR

/// The server's last word in a session; the device acts on it and closes.
///
///     settle  = [4, op: bstr .size 8, [* verdict], ? (time: uint, anchor: bstr / null)]
///
/// A device whose REPORT named no instance gets neither `time` nor `anchor`: it would refuse them.
public struct Settle: Hashable, Sendable {
    /// Verdicts in one message.
    public static let maximumVerdicts = 2 * MessageLimits.keys

    /// The offer or retirement that ends, or a name drawn for this message alone.
    public var operation: OperationID
    /// What to do with each key that changes; keys not named stay as they are.
    public var verdicts: [Verdict]
    /// The server's clock in seconds since 1970; nil for an older agent.
    ///
    /// An order that ends no later is void for the device that got it.
    public var time: UInt64?
    /// The announcement of the server's next anchor, for a device that has not pinned it; goes with a
    /// time only.
    public var anchor: [UInt8]?

    /// States all of it.
    public init(
        operation: OperationID,
        verdicts: [Verdict],
        time: UInt64? = nil,
        anchor: [UInt8]? = nil
    ) {
        self.operation = operation
        self.verdicts = verdicts
        self.time = time
        self.anchor = anchor
    }

    /// The same for an older agent, which knows neither times, anchors nor suspension.
    var forOldAgent: Settle {
        Settle(operation: operation, verdicts: verdicts.filter { !$0.action.isNew })
    }
}

extension Settle: SessionMessage {
    /// SETTLE.
    public static let type = MessageType.settle

    func encode(into writer: inout CBORWriter) {
        writer.array(time == nil ? 3 : 5)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.array(verdicts.count)
        for verdict in verdicts { verdict.encode(into: &writer) }
        guard let time else { return }
        writer.unsigned(time)
        if let anchor { writer.bytes(anchor) } else { writer.null() }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Settle {
        let isOld = try reader.message(type, items: [3, 5]) == 3
        let operation = try reader.operation()
        var verdicts: [Verdict] = []
        for _ in 0..<(try reader.list(atMost: maximumVerdicts)) {
            let verdict = try Verdict.decode(from: &reader)
            guard !isOld || !verdict.action.isNew else {
                throw MessageError("a settlement for an old agent suspends \(verdict.name)")
            }
            verdicts.append(verdict)
        }
        var settle = Settle(operation: operation, verdicts: verdicts)
        guard !isOld else { return settle }
        settle.time = try reader.number()
        if try !reader.isNull() { settle.anchor = try reader.bytes(atMost: Anchor.maximumLength) }
        return settle
    }
}
