internal import CBOR
internal import EDHOC
internal import KeyExchange
internal import Secrets

//     keys  = [time: uint / null, retired: [counter: uint, op: bstr] / null, [* [name: tstr, [+ entry]]],
//              [* [name: tstr, spent: uint, check: bstr .size 8]]]
//     entry = [epoch: uint, state: uint, algorithm: int, use: uint, grace: uint, lease: uint, k: bstr]
//
// In format 1 there was the list of keys alone, and the first of format 2 had no spent numbers.

extension KeyRing {
    /// The record's plaintext.
    func encode() -> Secret {
        var writer = CBORWriter(capacity: 1024)
        writer.array(4)
        if let serverTime { writer.unsigned(serverTime) } else { writer.null() }
        if let retired {
            writer.array(2)
            writer.unsigned(retired.counter)
            writer.bytes(retired.operation.bytes)
        } else {
            writer.null()
        }
        writer.array(keys.count)
        for key in keys {
            writer.array(2)
            writer.text(key.name.description)
            writer.array(key.epochs.count)
            for entry in key.epochs {
                writer.array(7)
                writer.unsigned(UInt64(entry.epoch.number))
                writer.unsigned(entry.state.rawValue)
                writer.integer(entry.algorithm.rawValue)
                writer.unsigned(UInt64(entry.use.rawValue))
                writer.unsigned(UInt64(entry.graceSeconds))
                writer.unsigned(UInt64(entry.leaseSeconds))
                writer.material(entry.material)
            }
        }
        writer.array(spent.count)
        for spent in spent {
            writer.array(3)
            writer.text(spent.name.description)
            writer.unsigned(UInt64(spent.epoch.number))
            writer.bytes(spent.check)
        }
        return writer.finishSecret()
    }

    /// Reads what `encode` wrote, and refuses what `install` and `apply` could not have made.
    init(decoding plaintext: RawSpan, format: UInt64, crypto: any Crypto) throws {
        var reader = CBORReader(plaintext)
        var hasSpent = false
        if format > 1 {
            let parts = try reader.array()
            guard (3...4).contains(parts) else {
                throw CBORError(.limit, "want 3 or 4 parts of the keys' record, have \(parts)")
            }
            hasSpent = parts == 4
            if try !reader.isNull() { serverTime = try reader.unsigned() }
            if try !reader.isNull() {
                try reader.array(2)
                retired = Retirement.Mark(
                    counter: try reader.unsigned(),
                    operation: try reader.operation()
                )
            }
        }
        for _ in 0..<(try reader.array()) {
            try reader.array(2)
            let name = try KeyName(parsing: reader.text(maximum: 64))
            var epochs: [StoredEpoch] = []
            for _ in 0..<(try reader.array()) { epochs.append(try reader.entry(crypto)) }
            guard !epochs.isEmpty, epochs.map(\.epoch) == Set(epochs.map(\.epoch)).sorted(),
                keys.last.map({ $0.name < name }) ?? true
            else { throw CBORError(.limit, "keys or epochs out of order at \(name)") }
            keys.append(StoredKey(name: name, epochs: epochs))
        }
        if hasSpent {
            for _ in 0..<(try reader.array()) { spent.append(try reader.spent()) }
            guard spent.count <= SpentEpoch.limit, Set(spent.map(\.name)).count == spent.count
            else { throw CBORError(.limit, "too many spent numbers, or one key's twice") }
        }
        try reader.end()
        guard keys.count <= MessageLimits.keys,
            keys.allSatisfy({ $0.epochs.count <= MessageLimits.epochs })
        else { throw CBORError(.limit, "more keys or epochs than a device holds") }
    }
}

extension CBORReader {
    @_lifetime(self: copy self)
    fileprivate mutating func spent() throws -> SpentEpoch {
        try array(3)
        let name = try KeyName(parsing: text(maximum: 64))
        guard let epoch = Epoch(UInt32(try unsigned(in: 1...UInt64(UInt32.max)))) else {
            throw CBORError(.limit, "no epoch")
        }
        let check = try bytes()
        guard check.count == 8 else {
            throw CBORError(.limit, "want 8 bytes of a check, have \(check.count)")
        }
        return SpentEpoch(name: name, epoch: epoch, check: check)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func entry(_ crypto: any Crypto) throws -> StoredEpoch {
        try array(7)
        let word = UInt64(UInt32.max)
        guard let epoch = Epoch(UInt32(try unsigned(in: 1...word))),
            let state = Report.EpochState(rawValue: try unsigned()), state != .gone,
            let algorithm = KeyAlgorithm(rawValue: try integer()),
            let use = KeyUse(rawValue: Int(try unsigned(in: 0...word)))
        else { throw CBORError(.limit, "unknown state, algorithm or use of a key") }
        let grace = UInt32(try unsigned(in: 0...word))
        let lease = UInt32(try unsigned(in: 0...word))
        let material = KeyMaterial(try secret(count: algorithm.keyLength...algorithm.keyLength))
        return StoredEpoch(
            epoch: epoch,
            state: state,
            algorithm: algorithm,
            use: use,
            graceSeconds: grace,
            leaseSeconds: lease,
            thumbprint: Thumbprint(of: material.secret, crypto: crypto),
            material: material
        )
    }
}
