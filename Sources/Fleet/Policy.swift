/// What an admin may set for the whole fleet, by name.
public enum PolicyName: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// What becomes of a device that was seen in two places: `report` or `quarantine`.
    case cloneResponse
    /// Whether a second person approves a campaign before it starts: `off` or `on`.
    case secondApproval
    /// Percent of the devices that must have talked under a new anchor before the switch: 0 to 100.
    case anchorCoverage
    /// Days for which a copy of a retirement order is good: 2 to 3650, or 0 for no end.
    case orderLifeDays

    /// The name itself.
    public var description: String { rawValue }
}

/// The fleet's settings; what was never set has a default on the safe side.
public struct Policy: Hashable, Sendable {
    /// What becomes of a device that was seen in two places.
    public enum CloneResponse: String, Hashable, Sendable, CaseIterable {
        /// It is shown and written to the audit log.
        case report
        /// It gets nothing until an admin has looked at it.
        case quarantine
    }

    /// What becomes of a device that was seen in two places.
    public var cloneResponse = CloneResponse.quarantine
    /// Whether a second person approves a campaign before it starts.
    public var secondApproval = false
    /// Percent of the devices that must have talked under a new anchor before the switch.
    public var anchorCoverage = 100
    /// Days for which a copy of a retirement order is good; 0 for no end.
    public var orderLifeDays = 0

    /// The defaults.
    public init() {}

    /// The value of one setting, as text.
    public subscript(name: PolicyName) -> String {
        switch name {
        case .cloneResponse: cloneResponse.rawValue
        case .secondApproval: secondApproval ? "on" : "off"
        case .anchorCoverage: "\(anchorCoverage)"
        case .orderLifeDays: "\(orderLifeDays)"
        }
    }

    /// Sets one value from text; throws what it may be.
    public mutating func set(_ name: PolicyName, to text: String) throws(FleetError) {
        switch name {
        case .cloneResponse:
            guard let value = CloneResponse(rawValue: text) else {
                throw Self.refusal(name, text, "report or quarantine")
            }
            cloneResponse = value
        case .secondApproval:
            guard text == "on" || text == "off" else { throw Self.refusal(name, text, "on or off") }
            secondApproval = text == "on"
        case .anchorCoverage:
            guard let value = Self.number(text), (0...100).contains(value) else {
                throw Self.refusal(name, text, "a percentage from 0 to 100")
            }
            anchorCoverage = value
        case .orderLifeDays:
            // Orders are renewed once a day: one of a single day could lapse between two.
            guard let value = Self.number(text), value == 0 || (2...3650).contains(value) else {
                throw Self.refusal(name, text, "2 to 3650 days, or 0 for no end")
            }
            orderLifeDays = value
        }
    }

    /// Digits alone: no sign and no other script.
    private static func number(_ text: String) -> Int? {
        let isNumber =
            (1...4).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber ? Int(text) : nil
    }

    private static func refusal(_ name: PolicyName, _ text: String, _ want: String) -> FleetError {
        var shown = String(text.prefix(40))
        shown.unicodeScalars.removeAll { $0.properties.generalCategory == .control }
        return FleetError("\(name): want \(want), have \"\(shown)\"")
    }
}
