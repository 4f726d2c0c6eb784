/// Something about a device that an admin should know, and that no one order settles.
public struct Notice: Codable, Hashable, Sendable {
    /// The device.
    public var device: String
    /// `ahead`, `cloned`, `implausible` or `damaged`.
    public var kind: String
    /// When it was first seen.
    public var firstAt: Timestamp
    /// When it was seen last.
    public var lastAt: Timestamp

    /// States all of it.
    public init(device: String, kind: String, firstAt: Timestamp, lastAt: Timestamp) {
        self.device = device
        self.kind = kind
        self.firstAt = firstAt
        self.lastAt = lastAt
    }
}

/// Asks to take a notice off the list.
public struct NoticeDismissal: RequestBody, Hashable {
    /// The device.
    public var device: String
    /// The kind of the notice.
    public var kind: String

    /// States both.
    public init(device: String, kind: String) {
        self.device = device
        self.kind = kind
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case device, kind }
    /// Each field that is read.
    public static var fieldNames: [String] { CodingKeys.allCases.map(\.rawValue) }
}
