/// Which keys are meant: of one device, of a group or of what a query finds; one name or all.
public struct KeySelection: RequestBody, Hashable {
    /// One device.
    public var device: String?
    /// All devices of a group.
    public var group: String?
    /// All devices that this query finds.
    public var query: String?
    /// The key's name; nil for all keys.
    public var key: String?

    /// States all of it.
    public init(
        device: String? = nil,
        group: String? = nil,
        query: String? = nil,
        key: String? = nil
    ) {
        self.device = device
        self.group = group
        self.query = query
        self.key = key
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case device, group
        case query = "where"
        case key
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}

/// What asking for a rotation did.
public struct RotationStart: Codable, Hashable, Sendable {
    /// How many keys will change at their device's next contact.
    public var keys: Int

    /// States it.
    public init(keys: Int) { self.keys = keys }
}

/// How far the keys of a selection are.
public struct RotationProgress: Codable, Hashable, Sendable {
    /// All keys of the selection, on devices that are in use.
    public var keys: Int
    /// Those that are in use in the generation wanted.
    public var settled: Int
    /// Those that wait for their device, or whose offer is not confirmed yet.
    public var waiting: Int
    /// Those that their device refused.
    public var failed: Int

    /// States all of it.
    public init(keys: Int, settled: Int, waiting: Int, failed: Int) {
        self.keys = keys
        self.settled = settled
        self.waiting = waiting
        self.failed = failed
    }
}
