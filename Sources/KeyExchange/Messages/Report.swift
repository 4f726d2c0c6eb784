internal import CBOR

/// What a device holds: the first session message, sent with message_3.
///
///     report = [1, agent: tstr, store: uint, level: uint, order: uint, [* key],
///               ? (instance: bstr .size 8, anchor: uint, ? retiring: true)]
///     key    = [name: tstr, [* [epoch: uint, state: uint, check: bstr .size 8]]]
///
/// An older agent leaves `instance` and `anchor` away: it knows no suspension, no anchors, and does not
/// tell which numbers are used up, nor that it is retiring.
public struct Report: Hashable, Sendable {
    /// Where a device keeps its keys.
    public enum StoreKind: UInt64, Hashable, Sendable, CaseIterable {
        /// Sealed records in files, under a key that is a file too.
        case file = 0
        /// Sealed records in files, under a key inside a TPM.
        case tpm = 1
    }

    /// What protects the store, from the weakest.
    public enum SecurityLevel: UInt64, Hashable, Sendable, CaseIterable {
        /// File permissions.
        case software = 0
        /// A secret that the service manager hands over, not readable on the disk.
        case credential = 1
        /// A hardware module.
        case hardware = 2
    }

    /// The device's half of a key's life.
    public enum EpochState: UInt64, Hashable, Sendable, CaseIterable {
        /// Held and proved or about to be, not in use yet.
        case pending = 0
        /// In use.
        case primary = 1
        /// Kept to decrypt and verify until its grace ends.
        case grace = 2
        /// Was in use, is kept, and is lent to nobody until the server resumes it.
        case suspended = 3
        /// Destroyed, and no later one was in use since: its number and those below are used up.
        case gone = 4
    }

    /// One generation of one key on the device.
    public struct HeldEpoch: Hashable, Sendable {
        /// Its number.
        public var epoch: Epoch
        /// What the device does with it.
        public var state: EpochState
        /// The first 8 bytes of its thumbprint.
        public var check: [UInt8]

        /// States all of it.
        public init(epoch: Epoch, state: EpochState, check: [UInt8]) {
            self.epoch = epoch
            self.state = state
            self.check = check
        }
    }

    /// One key on the device with its generations, ascending.
    public struct HeldKey: Hashable, Sendable {
        /// Its name.
        public var name: KeyName
        /// Its generations, ascending.
        public var epochs: [HeldEpoch]

        /// States all of it.
        public init(name: KeyName, epochs: [HeldEpoch]) {
            self.name = name
            self.epochs = epochs
        }
    }

    /// Version of the agent, for people.
    public var agentVersion: String
    /// Where the keys are kept.
    public var store: StoreKind
    /// What protects them.
    public var level: SecurityLevel
    /// The counter of the last retirement that the device obeyed; 0 if none.
    public var lastOrder: UInt64
    /// Each key held.
    public var keys: [HeldKey]
    /// `instanceLength` random bytes that name the agent's process; nil from an older agent.
    public var instance: [UInt8]?
    /// The newest generation of the server's anchor that the device has pinned; 0 when it does not know.
    public var anchor: UInt32
    /// Whether it has obeyed an order to destroy everything.
    ///
    /// A server that does not know of the order came back from an old copy of itself.
    public var isRetiring: Bool

    /// Bytes that name a process.
    public static let instanceLength = 8

    /// States all of it; an instance of a wrong length, and what only agents with an instance say without
    /// one, trap.
    public init(
        agentVersion: String,
        store: StoreKind,
        level: SecurityLevel,
        lastOrder: UInt64,
        keys: [HeldKey],
        instance: [UInt8]? = nil,
        anchor: UInt32 = 0,
        isRetiring: Bool = false
    ) {
        precondition(instance.map { $0.count == Self.instanceLength } ?? true, "a wrong length")
        precondition(instance != nil || anchor == 0 && !isRetiring, "no word of an old agent")
        self.agentVersion = agentVersion
        self.store = store
        self.level = level
        self.lastOrder = lastOrder
        self.keys = keys
        self.instance = instance
        self.anchor = anchor
        self.isRetiring = isRetiring
    }
}

extension Report.EpochState: Comparable {
    /// Orders by number: later ones came later into the protocol.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension Report: SessionMessage {
    /// REPORT.
    public static let type = MessageType.report

    func encode(into writer: inout CBORWriter) {
        writer.array(instance == nil ? 6 : isRetiring ? 9 : 8)
        writer.unsigned(Self.type.rawValue)
        writer.shortText(agentVersion)
        writer.unsigned(store.rawValue)
        writer.unsigned(level.rawValue)
        writer.unsigned(lastOrder)
        writer.array(keys.count)
        for key in keys {
            writer.array(2)
            writer.text(key.name.description)
            writer.array(key.epochs.count)
            for held in key.epochs {
                writer.array(3)
                writer.unsigned(UInt64(held.epoch.number))
                writer.unsigned(held.state.rawValue)
                writer.bytes(held.check)
            }
        }
        guard let instance else { return }
        writer.bytes(instance)
        writer.unsigned(UInt64(anchor))
        if isRetiring { writer.bool(true) }
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Report {
        let items = try reader.message(type, items: [6, 8, 9])
        let isOld = items == 6
        let version = try reader.shortText()
        guard let store = StoreKind(rawValue: try reader.number()),
            let level = SecurityLevel(rawValue: try reader.number())
        else { throw MessageError("unknown store kind or security level") }
        let order = try reader.number()
        var keys: [HeldKey] = []
        for _ in 0..<(try reader.list(atMost: MessageLimits.keys)) {
            let key = try heldKey(from: &reader)
            guard !isOld || key.epochs.allSatisfy({ $0.state < .suspended }) else {
                throw MessageError("an old agent knows no such state: \(key.name)")
            }
            if let last = keys.last, last.name >= key.name {
                throw MessageError("keys out of order, or one twice: \(key.name)")
            }
            keys.append(key)
        }
        let instance = isOld ? nil : try reader.bytes(exactly: instanceLength)
        let anchor = isOld ? 0 : try reader.word()
        if items == 9, try !reader.flag() {
            throw MessageError("what is not so is left away: a device that is not retiring")
        }
        return Report(
            agentVersion: version,
            store: store,
            level: level,
            lastOrder: order,
            keys: keys,
            instance: instance,
            anchor: anchor,
            isRetiring: items == 9
        )
    }

    @_lifetime(reader: copy reader)
    private static func heldKey(from reader: inout CBORReader) throws(MessageError) -> HeldKey {
        try reader.list(of: 2)
        let name = try reader.keyName()
        var epochs: [HeldEpoch] = []
        for _ in 0..<(try reader.list(atMost: MessageLimits.epochs)) {
            try reader.list(of: 3)
            let epoch = try reader.epoch()
            guard let state = EpochState(rawValue: try reader.number()) else {
                throw MessageError("unknown state of an epoch")
            }
            let check = try reader.bytes(exactly: 8)
            if let last = epochs.last, last.epoch >= epoch {
                throw MessageError("epochs of \(name) out of order, or one twice")
            }
            epochs.append(HeldEpoch(epoch: epoch, state: state, check: check))
        }
        return HeldKey(name: name, epochs: epochs)
    }
}
