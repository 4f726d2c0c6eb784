public import KeyExchange

/// Whom a topic is for: one device that has a name, or one that is about to get one.
public enum Channel: Hashable, Sendable {
    /// An enrolled device; the broker's access rules let only that device speak here.
    case device(DeviceID)
    /// An enrolling device, under its connection identifier in hexadecimal.
    case enrolment(String)
}

/// The topics of a fleet: `latchkey/1/<fleet>/device/<id>/…` and `latchkey/1/<fleet>/enrol/<hex C_I>/…`.
public struct Topics: Sendable {
    private let prefix: String

    /// The topics of one fleet.
    public init(fleet: FleetID) { prefix = "\(Profile.version)/\(fleet)" }

    /// What the server listens to.
    public var incoming: [String] { ["\(prefix)/device/+/up", "\(prefix)/enrol/+/up"] }

    /// Where answers go.
    public func down(_ channel: Channel) -> String { "\(base(channel))/down" }

    /// Where a device is asked to come and talk.
    public func nudge(_ device: DeviceID) -> String { "\(base(.device(device)))/nudge" }

    /// Where a device finds the order that it has not acknowledged, retained.
    public func order(_ device: DeviceID) -> String { "\(base(.device(device)))/order" }

    /// Whom a message came from; nil when the topic is none of `incoming`.
    public func sender(of topic: String) -> Channel? {
        guard topic.hasPrefix(prefix + "/") else { return nil }
        let levels = topic.dropFirst(prefix.count + 1).split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard levels.count == 3, levels[2] == "up" else { return nil }
        switch levels[0] {
        case "device": return (try? DeviceID(parsing: levels[1])).map { .device($0) }
        case "enrol":
            let isHexadecimal = levels[1].utf8.allSatisfy { digit in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit)
            }
            let count = levels[1].utf8.count
            guard isHexadecimal, (2...64).contains(count), count.isMultiple(of: 2) else {
                return nil
            }
            return .enrolment(String(levels[1]))
        default: return nil
        }
    }

    private func base(_ channel: Channel) -> String {
        switch channel {
        case .device(let id): "\(prefix)/device/\(id)"
        case .enrolment(let identifier): "\(prefix)/enrol/\(identifier)"
        }
    }
}
