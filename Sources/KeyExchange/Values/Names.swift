/// Why a name or a number from outside is not one of ours.
public struct NameError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String
}

/// A name that appears in topics, tables and on the command line.
///
/// 1 to 64 of `a`–`z`, `0`–`9` and `-`, first and last not `-`: no MQTT wildcard, no level separator and
/// no case to confuse can get in.
public protocol LatchkeyName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// What the name is of, for error texts.
    static var noun: String { get }
    /// Wraps text that has been checked.
    init(checked text: String)
}

extension LatchkeyName {
    /// Checks text from outside.
    public init(parsing text: some StringProtocol) throws(NameError) {
        let bytes = Array(text.utf8)
        let dash = UInt8(ascii: "-")
        let isName =
            (1...64).contains(bytes.count) && bytes.first != dash && bytes.last != dash
            && bytes.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == dash
            }
        guard isName else {
            // No control characters: they could steer a terminal.
            var shown = String(text.prefix(80))
            shown.unicodeScalars.removeAll { $0.properties.generalCategory == .control }
            throw NameError(
                description: "bad \(Self.noun) \"\(shown)\": want 1 to 64 of a-z, 0-9 and '-', "
                    + "not beginning or ending with '-'"
            )
        }
        self.init(checked: String(text))
    }

    /// Orders names by their text.
    public static func < (left: Self, right: Self) -> Bool {
        left.description < right.description
    }
}

/// The name that a device keeps for life.
public struct DeviceID: LatchkeyName {
    /// What the name is of.
    public static let noun = "device name"
    /// The text.
    public let description: String
    /// Wraps text that has been checked.
    public init(checked text: String) { description = text }
}

/// The name of a trust domain: one server identity, one root key, many devices.
public struct FleetID: LatchkeyName {
    /// What the name is of.
    public static let noun = "fleet name"
    /// The text.
    public let description: String
    /// Wraps text that has been checked.
    public init(checked text: String) { description = text }
}

/// The name of a set of devices that hold the same kinds of keys.
public struct GroupName: LatchkeyName {
    /// What the name is of.
    public static let noun = "group name"
    /// The text.
    public let description: String
    /// Wraps text that has been checked.
    public init(checked text: String) { description = text }
}

/// The name of a key, the same on all devices of a group.
public struct KeyName: LatchkeyName {
    /// What the name is of.
    public static let noun = "key name"
    /// The text.
    public let description: String
    /// Wraps text that has been checked.
    public init(checked text: String) { description = text }
}
