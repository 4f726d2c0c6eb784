/// Asks to write labels on devices, or to take some away.
public struct LabelChange: RequestBody, Hashable {
    /// One device.
    public var device: String?
    /// All devices of a group.
    public var group: String?
    /// All devices that this query finds.
    public var query: String?
    /// Labels to write, with their values.
    public var set: [String: String]?
    /// Labels to take away.
    public var remove: [String]?

    /// States all of it.
    public init(
        device: String? = nil,
        group: String? = nil,
        query: String? = nil,
        set: [String: String]? = nil,
        remove: [String]? = nil
    ) {
        self.device = device
        self.group = group
        self.query = query
        self.set = set
        self.remove = remove
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case device, group
        case query = "where"
        case set, remove
    }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}
