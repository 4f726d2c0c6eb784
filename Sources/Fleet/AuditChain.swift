internal import CBOR
public import EDHOC
internal import Secrets

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

/// Chains the rows of the audit log: each hash covers its row and the hash before it.
///
///     hash = SHA-256("latchkey audit 1" || previous hash || encoded event)
public enum AuditChain {
    private static let label = Array("latchkey audit 1".utf8)

    /// The head after one more event, whose encoding is given.
    public static func append(
        _ encoded: [UInt8],
        to head: AuditHead,
        crypto: any Crypto
    ) -> AuditHead {
        let input = label + head.hash + encoded
        return AuditHead(
            count: head.count + 1,
            hash: crypto.hash(.sha256, input.rawSpan)
        )
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

/// Reads an audit log from its first row on, and names the first bad one.
public struct AuditVerifier: Sendable {
    /// What was found good so far.
    public private(set) var head = AuditHead.empty
    private let crypto: any Crypto

    /// Begins before the first row.
    public init(crypto: any Crypto) { self.crypto = crypto }

    /// Takes the next row as it is stored.
    public mutating func check(
        sequence: Int64,
        encoded: [UInt8],
        hash: [UInt8]
    ) throws(AuditFault) {
        let due = head.count + 1
        guard sequence == due else {
            throw AuditFault(
                sequence: due,
                reason: "missing: row \(sequence) follows row \(head.count)"
            )
        }
        let next = AuditChain.append(encoded, to: head, crypto: crypto)
        guard next.hash == hash else {
            throw AuditFault(
                sequence: due,
                reason: "edited, or not in its place: its hash does not follow from the row before"
            )
        }
        head = next
    }

    /// Compares the whole with the head that was kept apart.
    public func finish(at expected: AuditHead) throws(AuditFault) {
        if head.count < expected.count {
            throw AuditFault(
                sequence: head.count + 1,
                reason: "missing: the log had \(expected.count) rows, and the newest were cut off"
            )
        }
        if head.count > expected.count {
            throw AuditFault(
                sequence: expected.count + 1,
                reason: "not written by the server: the log had \(expected.count) rows"
            )
        }
        if head.hash != expected.hash {
            throw AuditFault(
                sequence: head.count,
                reason: "not what the server wrote: the chain was computed anew"
            )
        }
    }
}
