/// A set of devices that hold the same kinds of keys.
public struct Group: Codable, Hashable, Sendable {
    /// Its name.
    public var name: String
    /// When it was made.
    public var createdAt: Timestamp?

    /// States both.
    public init(name: String, createdAt: Timestamp? = nil) {
        self.name = name
        self.createdAt = createdAt
    }
}

/// Asks for a new group.
public struct GroupCreation: RequestBody, Hashable {
    /// Its name.
    public var name: String

    /// States it.
    public init(name: String) { self.name = name }

    private enum CodingKeys: String, CodingKey, CaseIterable { case name }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}
