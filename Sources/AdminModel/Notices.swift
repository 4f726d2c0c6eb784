/// Something about a device that an admin should know, and that no one order settles.
public struct Notice: Codable, Hashable, Sendable {
    /// The device.
    public var device: String
    /// `ahead`, `cloned` or another word.
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
