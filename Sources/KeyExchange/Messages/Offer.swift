internal import CBOR
internal import Secrets

/// One key that the server wants the device to install beside the ones in use.
public struct OfferedKey: Sendable {
    /// Its name.
    public let name: KeyName
    /// Its generation.
    public let epoch: Epoch
    /// What it is for.
    public let algorithm: KeyAlgorithm
    /// What the device may do with it.
    public let use: KeyUse
    /// How long the older generation may still decrypt and verify, in seconds.
    public let graceSeconds: UInt32
    /// How long the key may be lent without word from the server, in seconds; 0 for ever.
    public let leaseSeconds: UInt32
    /// The key itself.
    public let material: KeyMaterial

    /// States all of it.
    public init(
        name: KeyName,
        epoch: Epoch,
        algorithm: KeyAlgorithm,
        use: KeyUse,
        graceSeconds: UInt32,
        leaseSeconds: UInt32,
        material: KeyMaterial
    ) {
        self.name = name
        self.epoch = epoch
        self.algorithm = algorithm
        self.use = use
        self.graceSeconds = graceSeconds
        self.leaseSeconds = leaseSeconds
        self.material = material
    }
}

/// Keys for the device to install; they come with message_4.
///
///     offer   = [2, op: bstr .size 8, [+ offered]]
///     offered = [name: tstr, epoch: uint, {1: 4, 3: alg: int, -1: k: bstr}, use: uint, grace: uint, lease: uint]
public struct Offer: Sendable {
    /// Names the offer in CONFIRM and SETTLE.
    public let operation: OperationID
    /// At least one key, ascending by name.
    public let keys: [OfferedKey]

    /// States both.
    public init(operation: OperationID, keys: [OfferedKey]) {
        self.operation = operation
        self.keys = keys
    }
}

extension Offer: SessionMessage {
    /// OFFER.
    public static let type = MessageType.offer

    func encode(into writer: inout CBORWriter) {
        writer.array(3)
        writer.unsigned(Self.type.rawValue)
        writer.bytes(operation.bytes)
        writer.array(keys.count)
        for key in keys {
            writer.array(6)
            writer.text(key.name.description)
            writer.unsigned(UInt64(key.epoch.number))
            // A COSE_Key (RFC 9052 § 7): kty Symmetric, alg, k.
            writer.map(3)
            writer.unsigned(1)
            writer.unsigned(4)
            writer.unsigned(3)
            writer.integer(key.algorithm.rawValue)
            writer.integer(-1)
            key.material.secret.withBytes { writer.bytes($0) }
            writer.unsigned(UInt64(key.use.rawValue))
            writer.unsigned(UInt64(key.graceSeconds))
            writer.unsigned(UInt64(key.leaseSeconds))
        }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Offer {
        try reader.message(type, items: 3)
        let operation = try reader.operation()
        var keys: [OfferedKey] = []
        for _ in 0..<(try reader.list(atMost: MessageLimits.keys)) {
            let key = try offeredKey(from: &reader)
            if let last = keys.last, last.name >= key.name {
                throw MessageError("keys out of order, or one twice: \(key.name)")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw MessageError("an offer of no keys") }
        return Offer(operation: operation, keys: keys)
    }

    @_lifetime(reader: copy reader)
    private static func offeredKey(
        from reader: inout CBORReader
    ) throws(MessageError) -> OfferedKey {
        try reader.list(of: 6)
        let name = try reader.keyName()
        let epoch = try reader.epoch()
        let (algorithm, material) = try symmetricKey(from: &reader)
        guard let use = KeyUse(rawValue: Int(try reader.seconds())) else {
            throw MessageError("unknown use of \(name)")
        }
        return OfferedKey(
            name: name,
            epoch: epoch,
            algorithm: algorithm,
            use: use,
            graceSeconds: try reader.seconds(),
            leaseSeconds: try reader.seconds(),
            material: material
        )
    }

    @_lifetime(reader: copy reader)
    private static func symmetricKey(
        from reader: inout CBORReader
    ) throws(MessageError) -> (KeyAlgorithm, KeyMaterial) {
        do {
            guard try reader.map() == 3, try reader.integer() == 1, try reader.integer() == 4,
                try reader.integer() == 3,
                let algorithm = KeyAlgorithm(rawValue: try reader.integer()),
                try reader.integer() == -1
            else { throw MessageError("want a symmetric COSE_Key of a known algorithm") }
            let length = algorithm.keyLength
            return (algorithm, KeyMaterial(try reader.secret(count: length...length)))
        } catch let error as CBORError {
            throw MessageError(error)
        } catch let error as MessageError {
            throw error
        } catch {
            preconditionFailure("no other error is thrown above")
        }
    }
}
