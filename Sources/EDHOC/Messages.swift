internal import CBOR
internal import Secrets

/// How long each message may be; checked before anything else is done with it.
public enum MessageLimit {
    /// Bytes of message_1.
    public static let message1 = 512
    /// Bytes of message_2 and of message_3.
    public static let message2And3 = 4096
    /// Bytes of message_4.
    public static let message4 = 1024

    static func check(_ message: [UInt8], _ limit: Int, _ name: String) throws(EDHOCError) {
        guard message.count <= limit else {
            throw EDHOCError(
                .tooLong,
                "want \(name) of at most \(limit) bytes, have \(message.count)"
            )
        }
    }
}

/// message_1 (RFC 9528 § 5.2.1).
struct MessageOne {
    let method: Int
    let suites: [CipherSuite.ID]
    let ephemeralX: [UInt8]
    let connectionID: ConnectionID
    let ead: ReceivedEAD

    init(parsing message: [UInt8]) throws(EDHOCError) {
        try MessageLimit.check(message, MessageLimit.message1, "message_1")
        do throws(CBORError) {
            var reader = CBORReader(message.rawSpan)
            method = try reader.integer()
            suites = try reader.suites()
            ephemeralX = try reader.bytes()
            connectionID = ConnectionID(try reader.identifier())
            ead = try reader.eadItems()
        } catch {
            throw EDHOCError(malformed: "message_1", error)
        }
    }

    static func encode(
        method: Method,
        suites: [CipherSuite.ID],
        ephemeralX: [UInt8],
        connectionID: ConnectionID,
        ead: [EADItem]
    ) -> [UInt8] {
        CBORWriter.encode { writer in
            writer.unsigned(UInt64(method.rawValue))
            writer.suites(suites)
            writer.bytes(ephemeralX)
            writer.identifier(connectionID.bytes)
            writer.encoded(EADItem.encode(ead))
        }
    }
}

/// PLAINTEXT_2 or PLAINTEXT_3 (RFC 9528 § 5.3.2, § 5.4.2).
struct Plaintext {
    /// C_R, in PLAINTEXT_2 alone.
    let connectionID: ConnectionID?
    let id: CredentialID
    let proof: [UInt8]
    let ead: ReceivedEAD

    init(
        parsing plaintext: [UInt8],
        hasConnectionID: Bool,
        proofLength: Int
    ) throws(EDHOCError) {
        do throws(CBORError) {
            var reader = CBORReader(plaintext.rawSpan)
            connectionID = hasConnectionID ? ConnectionID(try reader.identifier()) : nil
            id = try reader.compactCredentialID()
            proof = try reader.bytes(count: proofLength)
            ead = try reader.eadItems()
        } catch {
            throw EDHOCError(malformed: hasConnectionID ? "PLAINTEXT_2" : "PLAINTEXT_3", error)
        }
    }

    static func encode(_ proof: Proof, _ signatureOrMAC: [UInt8]) -> [UInt8] {
        CBORWriter.encode { writer in
            if let connectionID = proof.connectionID { writer.identifier(connectionID.bytes) }
            writer.compact(proof.id)
            writer.bytes(signatureOrMAC)
            writer.encoded(proof.ead)
        }
    }
}

/// A message that is one byte string: message_2, message_3 or message_4.
func unwrap(_ message: [UInt8], _ limit: Int, _ name: String) throws(EDHOCError) -> [UInt8] {
    try MessageLimit.check(message, limit, name)
    do throws(CBORError) {
        var reader = CBORReader(message.rawSpan)
        let content = try reader.bytes()
        try reader.end()
        return content
    } catch {
        throw EDHOCError(malformed: name, error)
    }
}
