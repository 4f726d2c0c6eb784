import Fleet
import KeyExchange

/// Values that the stories of these tests share.
enum Story {
    static let now: Int64 = 1_000_000

    static func name(_ text: String) throws -> KeyName { try KeyName(parsing: text) }

    static func epoch(_ number: UInt32) throws -> Epoch {
        guard let epoch = Epoch(number) else { throw FleetError("epoch 0") }
        return epoch
    }

    static func spec(_ text: String = "door", grace: UInt32 = 60) throws -> KeySpec {
        try KeySpec(
            group: GroupName(parsing: "lights"),
            name: name(text),
            algorithm: .aes256GCM,
            graceSeconds: grace
        )
    }

    static func thumbprint(_ byte: UInt8) throws -> Thumbprint {
        guard let value = Thumbprint(bytes: [UInt8](repeating: byte, count: 32)) else {
            throw FleetError("a thumbprint of 32 bytes")
        }
        return value
    }

    /// A server's row; its material is named by the epoch.
    static func record(
        _ number: UInt32,
        _ state: KeyState,
        key: String = "door",
        rotateAt: Int64? = nil,
        failure: FailureKind? = nil
    ) throws -> KeyRecord {
        KeyRecord(
            name: try name(key),
            epoch: try epoch(number),
            state: state,
            thumbprint: try thumbprint(UInt8(truncatingIfNeeded: number)),
            createdAt: 0,
            changedAt: 0,
            rotateAt: rotateAt,
            failure: failure
        )
    }

    /// What a device holds; `wrong` gives it other material than the server's.
    static func held(
        _ number: UInt32,
        _ state: Report.EpochState,
        wrong: Bool = false
    ) throws -> Report.HeldEpoch {
        Report.HeldEpoch(
            epoch: try epoch(number),
            state: state,
            check: try thumbprint(wrong ? 0xff : UInt8(truncatingIfNeeded: number)).check
        )
    }

    static func report(_ epochs: [Report.HeldEpoch], key: String = "door") throws -> Report {
        Report(
            agentVersion: "1",
            store: .file,
            level: .software,
            lastOrder: 0,
            keys: epochs.isEmpty
                ? [] : [Report.HeldKey(name: try name(key), epochs: epochs)]
        )
    }

    static func plan(
        _ records: [KeyRecord],
        _ held: [Report.HeldEpoch],
        specs: [KeySpec]? = nil,
        gone: Set<KeyName> = []
    ) throws -> Plan {
        Reconciler.plan(
            specs: try specs ?? [spec()],
            records: records,
            report: try report(held),
            gone: gone,
            now: now
        )
    }
}

extension Plan {
    /// The offers in short: `door 1 new`.
    var inShort: [String] {
        offers.map { "\($0.spec.name) \($0.epoch) \($0.isNew ? "new" : "again")" }
    }
}
