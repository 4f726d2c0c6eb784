internal import CBOR

/// One generation of a key that is no more.
public struct DestroyedKey: Hashable, Sendable {
    /// The key's name.
    public var name: KeyName
    /// Its generation.
    public var epoch: Epoch
    /// Names the material that was destroyed.
    public var thumbprint: Thumbprint

    /// States all of it.
    public init(name: KeyName, epoch: Epoch, thumbprint: Thumbprint) {
        self.name = name
        self.epoch = epoch
        self.thumbprint = thumbprint
    }
}

/// The device's proof of a retirement; the session's keys authenticate it, and the identity behind
/// them is the last thing to die.
///
///     receipt = [6, op: bstr .size 8, counter: uint, [* [name: tstr, epoch: uint, thumbprint: bstr .size 32]]]
public struct Receipt: Hashable, Sendable {
    /// Destroyed generations that one receipt can name: with the longest names they still fit into one
    /// payload.
    public static let limit = 36

    /// The retirement that was obeyed.
    public var operation: OperationID
    /// Its counter.
    public var counter: UInt64
    /// What was destroyed.
    public var destroyed: [DestroyedKey]

    /// States all of it.
    public init(operation: OperationID, counter: UInt64, destroyed: [DestroyedKey]) {
        self.operation = operation
        self.counter = counter
        self.destroyed = destroyed
    }
}

extension Receipt: SessionMessage {
    /// RECEIPT.
    public static let type = MessageType.receipt

    func encode(into writer: inout CBORWriter) {
        writer.array(4)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.unsigned(counter)
        writer.array(destroyed.count)
        for key in destroyed {
            writer.array(3)
            writer.text(key.name.description)
            writer.unsigned(UInt64(key.epoch.number))
            writer.bytes(key.thumbprint.bytes)
        }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Receipt {
        try reader.message(type, items: 4)
        let operation = try reader.operation()
        let counter = try reader.number()
        var destroyed: [DestroyedKey] = []
        for _ in 0..<(try reader.list(atMost: limit)) {
            try reader.list(of: 3)
            let name = try reader.keyName()
            let epoch = try reader.epoch()
            guard let thumbprint = Thumbprint(bytes: try reader.bytes(exactly: 32)) else {
                preconditionFailure("the length was checked")
            }
            guard !destroyed.contains(where: { $0.name == name && $0.epoch == epoch }) else {
                throw MessageError("a receipt names \(name) \(epoch) twice")
            }
            destroyed.append(DestroyedKey(name: name, epoch: epoch, thumbprint: thumbprint))
        }
        return Receipt(operation: operation, counter: counter, destroyed: destroyed)
    }
}
