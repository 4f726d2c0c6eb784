/// What an initiator offers, and offers next when a responder refuses (RFC 9528 § 6.3).
///
/// The order of preference is kept, and nothing that is preferred is left out, so a responder sees a
/// downgrade. Each suite is tried once: a broker that repeats an error cannot keep it going.
public struct SuiteNegotiation: Hashable, Sendable {
    private let preferred: [CipherSuite.ID]
    private var tried = 0

    /// Starts with this order of preference; an empty list or a suite named twice traps.
    public init(preferred: [CipherSuite.ID]) {
        precondition(!preferred.isEmpty && preferred.count <= CipherSuite.maximumListed)
        precondition(Set(preferred).count == preferred.count, "a suite is named twice")
        self.preferred = preferred
    }

    /// SUITES_I as it stands: every suite from the most preferred to the selected one.
    public var offer: [CipherSuite.ID] { Array(preferred[...tried]) }

    /// Selects the most preferred suite that the responder has and that was not tried yet.
    public mutating func refused(supported: [CipherSuite.ID]) throws(EDHOCError) {
        let next = preferred.indices.first { supported.contains(preferred[$0]) }
        guard let next, next > tried else {
            throw EDHOCError(
                .noCommonSuite,
                "have \(preferred), the responder has \(supported)"
            )
        }
        tried = next
    }
}
