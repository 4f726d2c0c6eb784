internal import CBOR
internal import EDHOC
internal import KeyExchange
internal import Secrets

//     device = [life: uint, fleet: tstr, group: tstr, name: tstr, credential: bstr,
//               private-key: bstr / null, [1*2 anchor], host: tstr, port: uint, authority: bstr,
//               enrol-password: bstr / null, token: [bstr, bstr] / null, account: bstr / null,
//               retirement / null]
//     anchor = [generation: uint, server: bstr, command-key: bstr / null]
//     retirement = [counter: uint, [* op: bstr], null / [* name: tstr], receipt]
//     receipt = [* [name: tstr, epoch: uint, thumbprint: bstr]]
//
// In format 1 the server's credential stood in the place of the anchors, and `counter: uint, receipt` in
// that of the retirement.

extension DeviceRecord {
    /// The record's plaintext.
    func encode() -> Secret {
        var writer = CBORWriter(capacity: 2048)
        writer.array(14)
        writer.unsigned(life.rawValue)
        writer.text(fleet.description)
        writer.text(group.description)
        writer.text(name.description)
        writer.bytes(credential)
        writer.material(privateKey)
        writer.array(anchors.count)
        for anchor in anchors {
            writer.array(3)
            writer.unsigned(UInt64(anchor.generation))
            writer.bytes(anchor.server)
            if let commandKey = anchor.commandKey {
                writer.bytes(commandKey)
            } else {
                writer.null()
            }
        }
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
        if let retirement { writer.retirement(retirement) } else { writer.null() }
        return writer.finishSecret()
    }

    /// Reads what `encode` wrote, now or in an older format.
    init(decoding plaintext: RawSpan, format: UInt64) throws {
        var reader = CBORReader(plaintext, limits: .init(length: Bundle.Limits.authority))
        self = try reader.deviceRecord(format)
        try reader.end()
    }
}

extension CBORReader {
    @_lifetime(self: copy self)
    fileprivate mutating func deviceRecord(_ format: UInt64) throws -> DeviceRecord {
        try array(format == 1 ? 15 : 14)
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
            anchors: try anchors(format),
            broker: Bundle.Broker(
                host: try text(maximum: Bundle.Limits.host),
                port: UInt16(try unsigned(in: 1...65_535)),
                authority: try bytes(count: 0...Bundle.Limits.authority)
            ),
            enrolPassword: try material(Bundle.Limits.password),
            token: try token(),
            account: try material(BrokerPassword.length...BrokerPassword.length),
            retirement: try retirement(format, life)
        )
    }

    @_lifetime(self: copy self)
    private mutating func anchors(_ format: UInt64) throws -> [PinnedAnchor] {
        if format == 1 {
            let server = try bytes(count: 1...CCS.maximumLength)
            return [PinnedAnchor(generation: 0, server: server, commandKey: nil)]
        }
        var anchors: [PinnedAnchor] = []
        for _ in 0..<(try array()) {
            try array(3)
            let generation = UInt32(try unsigned(in: 0...UInt64(UInt32.max)))
            let server = try bytes(count: 1...CCS.maximumLength)
            let key = try isNull() ? nil : try bytes(count: Profile.commandKeyLength)
            if let last = anchors.last, last.generation >= generation {
                throw CBORError(.limit, "anchors out of order at \(generation)")
            }
            anchors.append(
                PinnedAnchor(generation: generation, server: server, commandKey: key)
            )
        }
        guard (1...DeviceRecord.maximumAnchors).contains(anchors.count) else {
            throw CBORError(.limit, "want one anchor or two, have \(anchors.count)")
        }
        return anchors
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
    private mutating func retirement(
        _ format: UInt64,
        _ life: DeviceRecord.Life
    ) throws -> Retirement? {
        if format == 1 {
            let (counter, destroyed) = (try unsigned(), try receipt())
            guard counter > 0 else { return nil }
            return Retirement(
                counter: counter,
                operations: [],
                scope: life >= .retiring ? .device : .keys(Set(destroyed.map(\.name)).sorted()),
                destroyed: destroyed
            )
        }
        if try isNull() { return nil }
        try array(4)
        return Retirement(
            counter: try unsigned(),
            operations: try operations(),
            scope: try scope(),
            destroyed: try receipt()
        )
    }

    @_lifetime(self: copy self)
    private mutating func operations() throws -> [OperationID] {
        var operations: [OperationID] = []
        for _ in 0..<(try array()) { operations.append(try operation()) }
        return operations
    }

    @_lifetime(self: copy self)
    private mutating func scope() throws -> RetireScope {
        if try isNull() { return .device }
        var names: [KeyName] = []
        for _ in 0..<(try array()) { names.append(try KeyName(parsing: text(maximum: 64))) }
        return .keys(names)
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
        return Retirement.once(receipt)
    }

    /// Reads the name of a retirement.
    @_lifetime(self: copy self)
    mutating func operation() throws -> OperationID {
        guard let operation = OperationID(bytes: try bytes(count: OperationID.length)) else {
            preconditionFailure("the length was checked")
        }
        return operation
    }

    @_lifetime(self: copy self)
    private mutating func material(_ count: ClosedRange<Int>) throws -> KeyMaterial? {
        try isNull() ? nil : KeyMaterial(try secret(count: count))
    }

    /// Whether the next item is `null`, which is then read.
    @_lifetime(self: copy self)
    mutating func isNull() throws -> Bool {
        guard nextByte == 0xf6 else { return false }
        try skip()
        return true
    }
}

extension CBORWriter {
    fileprivate mutating func retirement(_ retirement: Retirement) {
        array(4)
        unsigned(retirement.counter)
        array(retirement.operations.count)
        for operation in retirement.operations { bytes(operation.bytes) }
        switch retirement.scope {
        case .device: null()
        case .keys(let names):
            array(names.count)
            for name in names { text(name.description) }
        }
        array(retirement.destroyed.count)
        for key in retirement.destroyed {
            array(3)
            text(key.name.description)
            unsigned(UInt64(key.epoch.number))
            bytes(key.thumbprint.bytes)
        }
    }

    mutating func material(_ material: KeyMaterial?) {
        guard let material else { return null() }
        material.secret.withBytes { bytes($0) }
    }
}
