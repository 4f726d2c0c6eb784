public import KeyExchange

/// What is wrong with a device and wants to be seen by an admin; the word is stored.
public enum NoticeKind: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// It knew later generations or orders than the server, which came back from an old copy of itself.
    case ahead
    /// Two processes speak for it, or its memory went back.
    case cloned
    /// Its reports say what no device of ours can be in, or it asks for new generations without end.
    case implausible
    /// A row about it in the database cannot be read.
    case damaged

    /// The word itself.
    public var description: String { rawValue }
}

/// One notice about one device.
public struct Notice: Hashable, Sendable {
    /// The device.
    public let device: DeviceID
    /// What is wrong.
    public let kind: NoticeKind
    /// When it was noticed first, in seconds since 1970.
    public let firstAt: Int64
    /// When it was noticed last, in seconds since 1970.
    public let lastAt: Int64

    /// States all of it.
    public init(device: DeviceID, kind: NoticeKind, firstAt: Int64, lastAt: Int64) {
        self.device = device
        self.kind = kind
        self.firstAt = firstAt
        self.lastAt = lastAt
    }
}
