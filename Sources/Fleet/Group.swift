public import KeyExchange

/// A named set of devices that hold the same kinds of keys, sealed under a key of its own.
public struct Group: Hashable, Sendable {
    /// Its name.
    public let name: GroupName
    /// When it was made, in seconds since 1970.
    public let createdAt: Int64

    /// States all of it.
    public init(name: GroupName, createdAt: Int64) {
        self.name = name
        self.createdAt = createdAt
    }
}
