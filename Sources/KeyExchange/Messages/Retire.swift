internal import CBOR

/// What a retirement destroys.
public enum RetireScope: Hashable, Sendable {
    /// Every key and the device's identity.
    case device
    /// These keys, at least one.
    case keys([KeyName])
}

/// The order to destroy, inside a session.
///
///     retire = [5, op: bstr .size 8, counter: uint, null / [+ name: tstr]]
public struct Retire: Hashable, Sendable {
    /// Names the retirement in RECEIPT and SETTLE.
    public var operation: OperationID
    /// Grows with every retirement of the device; the device keeps the highest that it obeyed.
    public var counter: UInt64
    /// What is destroyed.
    public var scope: RetireScope

    /// States all of it.
    public init(operation: OperationID, counter: UInt64, scope: RetireScope) {
        self.operation = operation
        self.counter = counter
        self.scope = scope
    }
}

extension Retire: SessionMessage {
    /// RETIRE.
    public static let type = MessageType.retire

    func encode(into writer: inout CBORWriter) {
        writer.array(4)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.unsigned(counter)
        scope.encode(into: &writer)
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Retire {
        try reader.message(type, items: 4)
        let operation = try reader.operation()
        let counter = try reader.number()
        let scope = try RetireScope.decode(from: &reader)
        return Retire(operation: operation, counter: counter, scope: scope)
    }
}

extension RetireScope {
    /// Writes `null / [+ name: tstr]`.
    func encode(into writer: inout CBORWriter) {
        switch self {
        case .device: writer.null()
        case .keys(let names):
            writer.array(names.count)
            for name in names { writer.text(name.description) }
        }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> RetireScope {
        if try reader.isNull() { return .device }
        var names: [KeyName] = []
        for _ in 0..<(try reader.list(atMost: MessageLimits.keys)) {
            let name = try reader.keyName()
            guard !names.contains(name) else {
                throw MessageError("a retirement names \(name) twice")
            }
            names.append(name)
        }
        guard !names.isEmpty else { throw MessageError("a retirement of no keys") }
        return .keys(names)
    }
}
