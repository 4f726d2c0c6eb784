/// Which keys are meant: of one device or of a group, one name or all.
public struct KeySelection: RequestBody, Hashable {
    /// The device; nil when a group is named.
    public var device: String?
    /// The group; nil when a device is named.
    public var group: String?
    /// The key's name; nil for all keys.
    public var key: String?

    /// States all of it.
    public init(device: String? = nil, group: String? = nil, key: String? = nil) {
        self.device = device
        self.group = group
        self.key = key
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case device, group, key }
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
