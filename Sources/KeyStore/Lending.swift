public import KeyExchange

/// What one generation of a key may be used for now.
///
/// |  | encrypt, sign | decrypt, verify |
/// |---|---|---|
/// | primary | yes | yes |
/// | pending | no | yes: the server may use it already, if its last word was lost |
/// | grace | no | yes |
/// | suspended | no | no |
/// | any, its lease over | no | no |
///
/// As long as the lease lasts, device and server so have a key in common at every moment of a rotation:
/// what either protects, the other can read.
public enum Lending: Hashable, Sendable, CustomStringConvertible {
    /// Everything that the key's use allows.
    case full
    /// To decrypt and to verify, nothing new.
    case readOnly
    /// Nothing, and why.
    case none(Reason)

    /// Why a key is not lent.
    public enum Reason: Hashable, Sendable {
        /// The server has suspended it.
        case suspended
        /// The server was not heard for longer than its lease.
        case leaseOver
        /// It has a lease, and nobody knows when the server was last heard: not since the device started.
        case notHeard
    }

    /// Decides; `silence` is the time since the server was last heard, nil when that is not known.
    public init(_ state: Report.EpochState, leaseSeconds: UInt32, silence: Duration?) {
        if state == .suspended {
            self = .none(.suspended)
        } else if leaseSeconds > 0, silence == nil {
            self = .none(.notHeard)
        } else if leaseSeconds > 0, let silence, silence >= .seconds(Int64(leaseSeconds)) {
            self = .none(.leaseOver)
        } else {
            self = state == .primary ? .full : .readOnly
        }
    }

    /// The word in JSON and on the command line.
    public var description: String {
        switch self {
        case .full: "full"
        case .readOnly: "readOnly"
        case .none(.suspended): "suspended"
        case .none(.leaseOver): "leaseOver"
        case .none(.notHeard): "notHeard"
        }
    }
}

extension StoredEpoch {
    /// What it may be used for, `silence` after the server's last word.
    public func lending(after silence: Duration?) -> Lending {
        Lending(state, leaseSeconds: leaseSeconds, silence: silence)
    }
}

extension StoredKey {
    /// The generation to encrypt and sign with, if there is one now.
    public func protecting(after silence: Duration?) -> StoredEpoch? {
        epochs.first { $0.lending(after: silence) == .full }
    }

    /// The generations to decrypt and verify with now, the newest first.
    public func reading(after silence: Duration?) -> [StoredEpoch] {
        epochs.reversed().filter {
            switch $0.lending(after: silence) {
            case .full, .readOnly: true
            case .none: false
            }
        }
    }
}

/// Which leases a silence has ended, and when the next one ends.
public struct Leases: Sendable {
    /// The shortest lease that still lasts: how long until it ends; nil when none is running.
    public let next: Duration?
    /// Generations whose lease is over, or begins only with the server's word.
    public let over: [(name: KeyName, epoch: Epoch)]

    /// Looks at every generation that has a lease.
    public init(of keys: [StoredKey], after silence: Duration?) {
        var next: Duration?
        var over: [(name: KeyName, epoch: Epoch)] = []
        for key in keys {
            for entry in key.epochs where entry.leaseSeconds > 0 {
                let left = silence.map { .seconds(Int64(entry.leaseSeconds)) - $0 } ?? .zero
                if left > .zero {
                    next = min(next ?? left, left)
                } else {
                    over.append((key.name, entry.epoch))
                }
            }
        }
        self.next = next
        self.over = over
    }

    /// Whether any key has a lease.
    public static func exist(in keys: [StoredKey]) -> Bool {
        keys.contains { $0.epochs.contains { $0.leaseSeconds > 0 } }
    }
}
