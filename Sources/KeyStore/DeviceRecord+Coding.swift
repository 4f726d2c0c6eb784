internal import CBOR
internal import EDHOC
internal import KeyExchange
internal import Secrets

//     device = [life: uint, fleet: tstr, group: tstr, name: tstr, credential: bstr,
//               private-key: bstr / null, server: bstr, host: tstr, port: uint, authority: bstr,
//               enrol-password: bstr / null, token: [bstr, bstr] / null, account: bstr / null,
//               order: uint, [* [name: tstr, epoch: uint, thumbprint: bstr]]]

extension DeviceRecord {
    /// The record's plaintext.
    func encode() -> Secret {
        var writer = CBORWriter(capacity: 2048)
        writer.array(15)
        writer.unsigned(life.rawValue)
        writer.text(fleet.description)
        writer.text(group.description)
        writer.text(name.description)
        writer.bytes(credential)
        writer.material(privateKey)
        writer.bytes(server)
        writer.text(broker.host)
        writer.unsigned(UInt64(broker.port))
        writer.bytes(broker.authority)
        writer.material(enrolPassword)
        if let token {
            writer.array(2)
            writer.bytes(token.id)
            writer.material(token.secret)
        } else {
            writer.null()
        }
        writer.material(account)
        writer.unsigned(order)
        writer.array(receipt.count)
        for key in receipt {
            writer.array(3)
            writer.text(key.name.description)
            writer.unsigned(UInt64(key.epoch.number))
            writer.bytes(key.thumbprint.bytes)
        }
        return writer.finishSecret()
    }

    /// Reads what `encode` wrote.
    init(decoding plaintext: RawSpan) throws {
        var reader = CBORReader(plaintext, limits: .init(length: Bundle.Limits.authority))
        self = try reader.deviceRecord()
        try reader.end()
    }
}

extension CBORReader {
    @_lifetime(self: copy self)
    fileprivate mutating func deviceRecord() throws -> DeviceRecord {
        try array(15)
        guard let life = DeviceRecord.Life(rawValue: try unsigned()) else {
            throw CBORError(.limit, "unknown life of a device")
        }
        return DeviceRecord(
            life: life,
            fleet: try FleetID(parsing: text(maximum: 64)),
            group: try GroupName(parsing: text(maximum: 64)),
            name: try DeviceID(parsing: text(maximum: 64)),
            credential: try bytes(count: 1...CCS.maximumLength),
            privateKey: try material(32...32),
            server: try bytes(count: 1...CCS.maximumLength),
            broker: Bundle.Broker(
                host: try text(maximum: Bundle.Limits.host),
                port: UInt16(try unsigned(in: 1...65_535)),
                authority: try bytes(count: 0...Bundle.Limits.authority)
            ),
            enrolPassword: try material(Bundle.Limits.password),
            token: try token(),
            account: try material(BrokerPassword.length...BrokerPassword.length),
            order: try unsigned(),
            receipt: try receipt()
        )
    }

    @_lifetime(self: copy self)
    private mutating func token() throws -> EnrolmentToken? {
        if try isNull() { return nil }
        try array(2)
        let id = try bytes(count: EnrolmentToken.idLength)
        let length = EnrolmentToken.secretLength
        return EnrolmentToken(id: id, secret: KeyMaterial(try secret(count: length...length)))
    }

    @_lifetime(self: copy self)
    private mutating func receipt() throws -> [DestroyedKey] {
        var receipt: [DestroyedKey] = []
        for _ in 0..<(try array()) {
            try array(3)
            let name = try KeyName(parsing: text(maximum: 64))
            guard let epoch = Epoch(UInt32(try unsigned(in: 1...UInt64(UInt32.max)))),
                let thumbprint = Thumbprint(bytes: try bytes(count: 32))
            else { preconditionFailure("both were checked") }
            receipt.append(DestroyedKey(name: name, epoch: epoch, thumbprint: thumbprint))
        }
        return receipt
    }

    @_lifetime(self: copy self)
    private mutating func material(_ count: ClosedRange<Int>) throws -> KeyMaterial? {
        try isNull() ? nil : KeyMaterial(try secret(count: count))
    }

    /// Whether the next item is `null`, which is then read.
    @_lifetime(self: copy self)
    private mutating func isNull() throws -> Bool {
        guard nextByte == 0xf6 else { return false }
        try skip()
        return true
    }
}

extension CBORWriter {
    mutating func material(_ material: KeyMaterial?) {
        guard let material else { return null() }
        material.secret.withBytes { bytes($0) }
    }
}
