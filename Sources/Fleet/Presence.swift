public import KeyExchange

/// What is remembered of a device's last contact, to tell whether one device speaks or two.
///
/// Two processes of the agent live at once when process X was heard, then Y in a session that *began*
/// after X's contact, then X again in a session that began after Y's: a delayed message of a process
/// that has ended cannot do that, since it answers a message that the server sent at the beginning.
public struct Presence: Hashable, Sendable {
    /// Processes remembered beside the last one.
    static let maximumEarlier = 4

    /// Why a device is taken for two.
    public enum Contradiction: Hashable, Sendable, CustomStringConvertible {
        /// A process that another had taken the place of is heard again.
        case twoProcesses
        /// The generation in use went back.
        case wentBack(KeyName, from: Epoch, to: Epoch)

        /// In words, for the audit log.
        public var description: String {
            switch self {
            case .twoProcesses: "a process was heard again after another one"
            case .wentBack(let name, let from, let to): "\(name) went back from \(from) to \(to)"
            }
        }
    }

    /// The process that was heard last; nil for an older agent.
    public var instance: [UInt8]?
    /// Those heard before it, the newest first.
    public var earlier: [[UInt8]]
    /// What the device said that it holds.
    public var reported: [Report.HeldKey]

    /// States all of it.
    public init(
        instance: [UInt8]? = nil,
        earlier: [[UInt8]] = [],
        reported: [Report.HeldKey] = []
    ) {
        self.instance = instance
        self.earlier = earlier
        self.reported = reported
    }

    /// Takes a report in; what it contradicts, or nil.
    ///
    /// `isLater` says whether the session began after the contact before. A report that does not
    /// come later proves nothing, and the process that it names is not taken for the last one.
    public mutating func take(_ report: Report, isLater: Bool) -> Contradiction? {
        defer { reported = report.keys }
        guard isLater else { return nil }
        var contradiction: Contradiction?
        if let heard = report.instance {
            if let known = instance, known != heard {
                if earlier.contains(heard) { contradiction = .twoProcesses }
                let others = [known] + earlier.filter { $0 != heard }
                earlier = Array(others.prefix(Self.maximumEarlier))
            }
        } else {
            earlier = []
        }
        instance = report.instance
        return contradiction ?? wentBack(report)
    }

    private func wentBack(_ report: Report) -> Contradiction? {
        for key in report.keys {
            guard let before = reported.first(where: { $0.name == key.name })?.used,
                let now = key.used, now < before
            else { continue }
            return .wentBack(key.name, from: before, to: now)
        }
        return nil
    }
}

extension Report.HeldKey {
    /// The generation in use, or out of use for now.
    var used: Epoch? {
        epochs.last { $0.state == .primary || $0.state == .suspended }?.epoch
    }
}
