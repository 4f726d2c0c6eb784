public import Fleet

/// The outcome of reading the whole audit log.
public struct AuditVerification: Hashable, Sendable {
    /// Rows that were found good, from the first.
    public let rows: Int64
    /// The first thing that is wrong; nil when all is well.
    public let fault: AuditFault?
}
