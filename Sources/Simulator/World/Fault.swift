/// What can go wrong, by kind.
public enum Fault: String, Hashable, Sendable, CaseIterable {
    case lost, repeated, reordered, delayed, crossed, invented, mutated, replayed, retained
    case networkCut, deviceCrash, deviceCrashInWrite, powerLoss, deviceDiskFull, deviceSilent,
        hookRefused
    case serverCrash, serverCrashInChange, serverCrashAfterCommit, serverCrashBeforeAnswer
    case serverDiskFull, serverRestored, clock1970, clockJump, clock2039

    /// What the table calls it.
    public var title: String {
        switch self {
        case .lost: "payload lost"
        case .repeated: "payload repeated"
        case .reordered: "payload overtaken by later ones"
        case .delayed: "payload delayed for minutes or hours"
        case .crossed: "payload delivered to another device or session"
        case .invented: "payload invented by the broker"
        case .mutated: "payload changed by the broker"
        case .replayed: "payload of an earlier session replayed"
        case .retained: "retained nonsense"
        case .networkCut: "device cut off from the broker"
        case .deviceCrash: "agent killed between two steps"
        case .deviceCrashInWrite: "agent killed between two writes"
        case .powerLoss: "device lost power between two writes"
        case .deviceDiskFull: "device's disk full"
        case .deviceSilent: "device silent for days to more than a year"
        case .hookRefused: "new key refused by the device's hook"
        case .serverCrash: "server killed between two steps"
        case .serverCrashInChange: "server killed between two statements"
        case .serverCrashAfterCommit: "server killed right after a commit"
        case .serverCrashBeforeAnswer: "server killed between commit and answer"
        case .serverDiskFull: "server's disk full"
        case .serverRestored: "server restored from an old backup"
        case .clock1970: "server's clock at 1970"
        case .clockJump: "server's clock jumped"
        case .clock2039: "server's clock at 2039"
        }
    }
}

/// How likely each fault is in one run: every seed is hard in its own way.
struct Weather {
    private var rates: [Fault: Double] = [:]

    /// No fault at all.
    static let calm = Weather()

    private init() {}

    /// These faults alone.
    init(_ rates: [Fault: Double]) { self.rates = rates }

    init(chance: inout Chance, without absent: Set<Fault>) {
        let harshness = [0.3, 1.0, 1.0, 2.5][chance.index(4)]
        for fault in Fault.allCases {
            // Drawn for absent ones, too, so that the others stay the same.
            let isOn = chance.happens(0.65)
            let factor = chance.part() * 2
            guard isOn, !absent.contains(fault) else { continue }
            rates[fault] = Self.usual(fault) * factor * harshness
        }
    }

    func rate(_ fault: Fault) -> Double { rates[fault] ?? 0 }

    private static func usual(_ fault: Fault) -> Double {
        switch fault {
        case .lost: 0.08
        case .repeated, .reordered: 0.08
        case .delayed, .crossed, .invented, .mutated, .replayed: 0.02
        case .retained: 0.01
        case .deviceCrash, .serverCrash: 0.01
        case .serverCrashBeforeAnswer: 0.03
        case .hookRefused: 0.1
        // The others are chosen by weight when something is to break.
        case .deviceCrashInWrite, .powerLoss, .serverCrashInChange, .serverCrashAfterCommit: 2
        case .networkCut, .deviceDiskFull, .serverDiskFull: 1
        case .deviceSilent, .serverRestored, .clock1970, .clockJump, .clock2039: 0.4
        }
    }
}
