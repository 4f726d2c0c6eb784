internal import CBOR
internal import Secrets

/// A CWT Claims Set with one key to confirm (RFC 8392, RFC 8747): the smallest credential there is.
public struct CCS: Hashable, Sendable {
    /// Whom it is about.
    public let subject: String?
    /// The identifier of the key.
    public let kid: [UInt8]?
    /// The key: x, x ‖ y, or the raw 32 bytes of X25519 and Ed25519.
    public let publicKey: [UInt8]

    /// The most bytes of a CCS.
    public static let maximumLength = 1024
    /// The most bytes of a subject.
    public static let maximumSubject = 255

    /// Reads a CCS with an OKP or EC2 key; claims that are not needed are passed over.
    public init(parsing encoded: [UInt8]) throws(EDHOCError) {
        guard encoded.count <= Self.maximumLength else {
            throw EDHOCError(
                .tooLong,
                "want a CCS of at most \(Self.maximumLength) bytes, have \(encoded.count)"
            )
        }
        var subject: String?
        var key: COSEKey?
        do throws(CBORError) {
            // Passing over the whole checks order and depth of every map inside.
            var check = CBORReader(encoded.rawSpan)
            try check.skip()
            try check.end()
            var reader = CBORReader(encoded.rawSpan)
            for _ in 0..<(try reader.map()) {
                switch try reader.item() {
                case [2]: subject = try reader.text(maximum: Self.maximumSubject)
                case [8]: key = try reader.confirmation()
                default: try reader.skip()
                }
            }
        } catch {
            throw EDHOCError(.invalidCredential, "CCS: \(error)")
        }
        guard let key else { throw EDHOCError(.invalidCredential, "a CCS without a key") }
        self.subject = subject
        kid = key.kid
        publicKey = try key.publicKey()
    }

    /// Writes a CCS for a key for agreement.
    public static func encode(
        subject: String?,
        kid: [UInt8]?,
        curve: Curve,
        publicKey: [UInt8]
    ) -> [UInt8] {
        switch curve {
        case .x25519: encode(subject, kid, COSECurve.x25519, publicKey)
        case .p256: encode(subject, kid, COSECurve.p256, publicKey)
        case .p384: encode(subject, kid, COSECurve.p384, publicKey)
        }
    }

    /// Writes a CCS for a signing key.
    public static func encode(
        subject: String?,
        kid: [UInt8]?,
        signature: SignatureAlgorithm,
        publicKey: [UInt8]
    ) -> [UInt8] {
        switch signature {
        case .edDSA: encode(subject, kid, COSECurve.ed25519, publicKey)
        case .es256: encode(subject, kid, COSECurve.p256, publicKey)
        case .es384: encode(subject, kid, COSECurve.p384, publicKey)
        }
    }

    private static func encode(
        _ subject: String?,
        _ kid: [UInt8]?,
        _ curve: COSECurve,
        _ publicKey: [UInt8]
    ) -> [UInt8] {
        let length = curve.coordinateLength
        let isWhole = curve.isEC2 && publicKey.count == 2 * length
        precondition(isWhole || publicKey.count == length, "a public key is of a wrong length")
        return CBORWriter.encode { writer in
            writer.map(subject == nil ? 1 : 2)
            if let subject {
                writer.integer(2)
                writer.text(subject)
            }
            writer.integer(8)
            writer.map(1)
            writer.integer(1)
            writer.map((curve.isEC2 ? 4 : 3) + (kid == nil ? 0 : 1))
            writer.integer(1)
            writer.integer(curve.isEC2 ? 2 : 1)
            if let kid {
                writer.integer(2)
                writer.bytes(kid)
            }
            writer.integer(-1)
            writer.integer(curve.rawValue)
            writer.integer(-2)
            writer.bytes(Array(publicKey[..<length]))
            if isWhole {
                writer.integer(-3)
                writer.bytes(Array(publicKey[length...]))
            } else if curve.isEC2 {
                // Static Diffie-Hellman gives the same x-coordinate for either sign of y.
                writer.integer(-3)
                writer.bool(false)
            }
        }
    }
}
