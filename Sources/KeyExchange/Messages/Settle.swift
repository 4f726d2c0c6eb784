internal import CBOR

/// What the device shall do with one key from now on.
public struct Verdict: Hashable, Sendable {
    /// The order itself.
    public enum Action: Hashable, Sendable {
        /// Use this generation; older ones may decrypt and verify for so many seconds, then go.
        case activate(Epoch, graceSeconds: UInt32)
        /// Destroy this generation, which never came into use or whose grace is over.
        case discard(Epoch)
        /// Destroy every generation of the key.
        case remove
    }

    /// The key's name.
    public var name: KeyName
    /// What to do with it.
    public var action: Action

    /// States both.
    public init(name: KeyName, action: Action) {
        self.name = name
        self.action = action
    }
}

/// The server's last word in a session; the device acts on it and closes.
///
///     settle  = [4, op: bstr .size 8, [* verdict]]
///     verdict = [name: tstr, 0, epoch: uint, grace: uint] / [name: tstr, 1, epoch: uint] / [name: tstr, 2]
public struct Settle: Hashable, Sendable {
    /// The offer or retirement that ends, or a name drawn for this message alone.
    public var operation: OperationID
    /// What to do with each key that changes; keys not named stay as they are.
    public var verdicts: [Verdict]

    /// States both.
    public init(operation: OperationID, verdicts: [Verdict]) {
        self.operation = operation
        self.verdicts = verdicts
    }
}

extension Settle: SessionMessage {
    /// SETTLE.
    public static let type = MessageType.settle

    func encode(into writer: inout CBORWriter) {
        writer.array(3)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.array(verdicts.count)
        for verdict in verdicts {
            switch verdict.action {
            case .activate(let epoch, let grace):
                writer.array(4)
                writer.text(verdict.name.description)
                writer.unsigned(0)
                writer.unsigned(UInt64(epoch.number))
                writer.unsigned(UInt64(grace))
            case .discard(let epoch):
                writer.array(3)
                writer.text(verdict.name.description)
                writer.unsigned(1)
                writer.unsigned(UInt64(epoch.number))
            case .remove:
                writer.array(2)
                writer.text(verdict.name.description)
                writer.unsigned(2)
            }
        }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Settle {
        try reader.message(type, items: 3)
        let operation = try reader.operation()
        var verdicts: [Verdict] = []
        for _ in 0..<(try reader.list(atMost: 2 * MessageLimits.keys)) {
            let items = try reader.list(atMost: 4)
            let name = try reader.keyName()
            let action: Verdict.Action
            switch (items, try reader.number()) {
            case (4, 0): action = .activate(try reader.epoch(), graceSeconds: try reader.seconds())
            case (3, 1): action = .discard(try reader.epoch())
            case (2, 2): action = .remove
            case (_, let kind): throw MessageError("unknown verdict \(kind) of \(items) items")
            }
            verdicts.append(Verdict(name: name, action: action))
        }
        return Settle(operation: operation, verdicts: verdicts)
    }
}
