/// How long the audit log is, and the hash of its newest row.
public struct AuditHead: Hashable, Sendable {
    /// Rows.
    public let count: Int64
    /// The hash of the newest row; 32 zeros for an empty log.
    public let hash: [UInt8]

    /// An empty log.
    public static let empty = AuditHead(count: 0, hash: [UInt8](repeating: 0, count: 32))

    /// States both.
    public init(count: Int64, hash: [UInt8]) {
        self.count = count
        self.hash = hash
    }
}

/// What is wrong with an audit log, and where.
public struct AuditFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first bad row.
    public let sequence: Int64
    /// What is wrong with it.
    public let reason: String

    /// States both.
    public init(sequence: Int64, reason: String) {
        self.sequence = sequence
        self.reason = reason
    }

    /// Both on one line.
    public var description: String { "row \(sequence): \(reason)" }
}
