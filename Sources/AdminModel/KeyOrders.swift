/// Asks for a change in the life of one key, on one device or on many.
public struct KeyOrder: RequestBody, Hashable {
    /// One device.
    public var device: String?
    /// All devices of a group.
    public var group: String?
    /// All devices that this query finds.
    public var query: String?
    /// The key's name.
    public var key: String
    /// One generation; nil for each that the change is about.
    public var epoch: UInt32?

    /// States all of it.
    public init(
        device: String? = nil,
        group: String? = nil,
        query: String? = nil,
        key: String,
        epoch: UInt32? = nil
    ) {
        self.device = device
        self.group = group
        self.query = query
        self.key = key
        self.epoch = epoch
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case device, group
        case query = "where"
        case key, epoch
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}

/// How many keys a change was about.
public struct KeyChange: Codable, Hashable, Sendable {
    /// Keys whose state changed, or whose change was ordered.
    public var keys: Int

    /// States it.
    public init(keys: Int) { self.keys = keys }
}
