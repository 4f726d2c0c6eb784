internal import Fleet
internal import KeyExchange
internal import KeyStore

/// What is remembered of both sides, to compare with what comes.
struct Watch {
    /// A generation of a key.
    struct Generation: Hashable {
        let name: KeyName
        let epoch: Epoch
    }

    /// One generation as the device holds it.
    struct Held: Hashable {
        let generation: Generation
        let state: Report.EpochState
        let thumbprint: Thumbprint
    }

    /// One device as the server believes it to be.
    struct Believed: Equatable {
        var state: DeviceState?
        var keys: [KeyRecord] = []
        /// Keys that the device is to destroy, or has destroyed.
        var retired: Set<KeyName> = []

        func record(_ name: KeyName, _ epoch: Epoch) -> KeyRecord? {
            keys.first { $0.name == name && $0.epoch == epoch }
        }
    }

    /// What is known of one device.
    struct Entry {
        var believed = Believed()
        var held: [Held] = []
        /// The latest generation that was in use, by key.
        var primaries: [KeyName: Epoch] = [:]
        /// Which key each number stood for on the device.
        var thumbprints: [Generation: Thumbprint] = [:]
        /// Generations that were in use on the device.
        var used: Set<Generation> = []
        /// Generations at the server that are over.
        var ended: Set<Generation> = []
        /// Generations that came from a suspension to their end: nobody works with them, for an admin said so.
        var outOfUse: Set<Generation> = []
        /// Keys whose end the device has reported.
        var goneForGood: Set<KeyName> = []
        /// Material that others may know, as the server was told.
        var compromised: Set<Thumbprint> = []
        /// Whether the device has obeyed an order to destroy everything.
        var isGone = false
        /// When the server may have forgotten what this device knows, the last time.
        var restoredAt: Int64?
        /// Keys of which they have not agreed since.
        var unmet: Set<KeyName> = []

        /// The device has obeyed an order about these keys; a server that does not know of it any more
        /// hears that in the next session.
        mutating func lose(_ names: Set<KeyName>, at time: Int64) {
            let forgotten = names.subtracting(believed.retired)
            guard !forgotten.isEmpty, believed.state == .enrolled || believed.state == .quarantined
            else { return }
            restoredAt = time
            unmet.formUnion(forgotten)
        }
    }

    var entries: [Int: Entry] = [:]
    /// Devices of which the server may believe something older.
    var isReset: Set<Int> = []
    /// The newest row of the audit log that was looked at.
    var audited: Int64 = 0
    /// How often the server came back from an old copy.
    var restorations = 0
    /// How often the server was looked at.
    var looks = 0
    /// The keys that every device shall hold.
    var specs: [KeyName] = []
    /// Those of them that were retired for the whole group.
    var retiredSpecs: Set<KeyName> = []
    /// Generations that came into use on devices.
    var rotations = 0

    /// The server came back from an old copy of itself.
    mutating func restored(_ devices: [Int], at time: Int64) {
        restorations += 1
        isReset = Set(devices)
        audited = .max
        for index in devices {
            entries[index, default: Entry()].restoredAt = time
            entries[index]?.unmet = Set(specs)
        }
    }

    /// A device and the server agreed in a session that began at `time`, but for `refused` keys.
    ///
    /// What is suspended is not replaced, so it waits.
    mutating func settled(_ device: Int, began time: Int64, but refused: Set<KeyName>) {
        guard let entry = entries[device], let restored = entry.restoredAt, restored <= time else {
            return
        }
        let waiting = entry.believed.keys.filter { $0.state == .suspended }.map(\.name)
        entries[device]?.unmet.formIntersection(refused.union(waiting))
    }
}

extension KeyState {
    /// Whether the server works with a generation in this state.
    var isUsable: Bool {
        switch self {
        case .offered, .active, .superseded, .compromised: true
        case .preActive, .withdrawn, .deactivated, .destroyed, .destroyedCompromised, .suspended:
            false
        }
    }

    /// Whether a generation in this state never comes back.
    var isEnd: Bool { self == .withdrawn || self == .destroyed || self == .destroyedCompromised }
}
