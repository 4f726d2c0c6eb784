/// One rule that holds for the whole fleet.
public struct PolicySetting: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// What holds now.
    public var value: String
    /// What holds when nobody chose.
    public var standard: String
    /// What may be chosen, for people.
    public var choices: String
    /// What it decides, for people.
    public var about: String

    /// States all of it.
    public init(name: String, value: String, standard: String, choices: String, about: String) {
        self.name = name
        self.value = value
        self.standard = standard
        self.choices = choices
        self.about = about
    }

    private enum CodingKeys: String, CodingKey {
        case name, value
        case standard = "default"
        case choices, about
    }
}

/// All rules that hold for the fleet.
public struct Policy: Codable, Hashable, Sendable {
    /// Each of them by name.
    public var settings: [PolicySetting]

    /// States them.
    public init(settings: [PolicySetting]) { self.settings = settings }
}

/// Asks for another value of one rule.
public struct PolicyChange: RequestBody, Hashable {
    /// The rule's name.
    public var name: String
    /// What shall hold from now on.
    public var value: String

    /// States both.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case name, value }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}
