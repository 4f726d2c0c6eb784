/// The session messages; the number is the first item of each and is bound into its authentication.
public enum MessageType: UInt64, Hashable, Sendable, CaseIterable {
    /// Device → server: what the device holds.
    case report = 1
    /// Server → device: keys to install beside the ones in use.
    case offer = 2
    /// Device → server: proof that each key arrived, or why not.
    case confirm = 3
    /// Server → device: which epochs count from now on.
    case settle = 4
    /// Server → device: destroy keys, or everything.
    case retire = 5
    /// Device → server: what was destroyed.
    case receipt = 6
    /// Either way: the session ends, and why.
    case problem = 7
}

/// Limits of the session messages, each checked while parsing.
public enum MessageLimits {
    /// Keys in one message.
    public static let keys = 16
    /// Epochs of one key in a REPORT.
    public static let epochs = 8
    /// Bytes of a free text.
    public static let text = 120
    /// Bytes of one payload on MQTT, framing included.
    public static let payload = 4096
}
