internal import CBOR

/// What became of one offered key on the device.
public struct Confirmation: Hashable, Sendable {
    /// Proof of possession, or why there is none.
    public enum Result: Hashable, Sendable {
        /// 16 bytes that only a holder of the key can make in this session.
        case proof([UInt8])
        /// The device did not take the key.
        case failure(FailureKind)
    }

    /// The key's name.
    public var name: KeyName
    /// Its generation.
    public var epoch: Epoch
    /// Proof or failure.
    public var result: Result

    /// States all of it.
    public init(name: KeyName, epoch: Epoch, result: Result) {
        self.name = name
        self.epoch = epoch
        self.result = result
    }
}

/// The device's answer to an OFFER.
///
///     confirm = [3, op: bstr .size 8, [+ [name: tstr, epoch: uint, proof: bstr .size 16 / failure: uint]]]
public struct Confirm: Hashable, Sendable {
    /// Bytes of a proof of possession.
    public static let proofLength = 16

    /// The offer that is answered.
    public var operation: OperationID
    /// One result for each key offered, in the offer's order.
    public var results: [Confirmation]

    /// States both.
    public init(operation: OperationID, results: [Confirmation]) {
        self.operation = operation
        self.results = results
    }
}

extension Confirm: SessionMessage {
    /// CONFIRM.
    public static let type = MessageType.confirm

    func encode(into writer: inout CBORWriter) {
        writer.array(3)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.array(results.count)
        for result in results {
            writer.array(3)
            writer.text(result.name.description)
            writer.unsigned(UInt64(result.epoch.number))
            switch result.result {
            case .proof(let proof): writer.bytes(proof)
            case .failure(let kind): writer.unsigned(UInt64(kind.rawValue))
            }
        }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Confirm {
        try reader.message(type, items: 3)
        let operation = try reader.operation()
        var results: [Confirmation] = []
        for _ in 0..<(try reader.list(atMost: MessageLimits.keys)) {
            try reader.list(of: 3)
            let name = try reader.keyName()
            let epoch = try reader.epoch()
            results.append(
                Confirmation(name: name, epoch: epoch, result: try result(from: &reader))
            )
        }
        guard !results.isEmpty else { throw MessageError("a confirmation of no keys") }
        return Confirm(operation: operation, results: results)
    }

    @_lifetime(reader: copy reader)
    private static func result(
        from reader: inout CBORReader
    ) throws(MessageError) -> Confirmation.Result {
        let isProof: Bool
        do { isProof = try reader.peek() == .bytes } catch { throw MessageError(error) }
        if isProof { return .proof(try reader.bytes(exactly: proofLength)) }
        guard let kind = FailureKind(rawValue: Int(try reader.seconds())) else {
            throw MessageError("unknown kind of failure")
        }
        return .failure(kind)
    }
}
