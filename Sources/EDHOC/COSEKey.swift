internal import CBOR

/// The curves of COSE keys (RFC 9053 § 7.1) that are used here.
enum COSECurve: Int {
    case p256 = 1
    case p384 = 2
    case x25519 = 4
    case ed25519 = 6

    var isEC2: Bool { self == .p256 || self == .p384 }
    var coordinateLength: Int { self == .p384 ? 48 : 32 }
}

/// The members of a public COSE_Key as they came.
struct COSEKey {
    var type: Int?
    var kid: [UInt8]?
    var curve: Int?
    var x: [UInt8]?
    var y: [UInt8]?
    var hasSignOfY = false

    /// The public key, when type, curve and lengths fit each other.
    func publicKey() throws(EDHOCError) -> [UInt8] {
        guard let curve = curve.flatMap(COSECurve.init(rawValue:)), let x else {
            throw EDHOCError(.invalidCredential, "a key without x, or on a curve not used here")
        }
        guard type == (curve.isEC2 ? 2 : 1), x.count == curve.coordinateLength else {
            throw EDHOCError(.invalidCredential, "type, curve and length of a key do not fit")
        }
        guard curve.isEC2 else {
            guard y == nil, !hasSignOfY else {
                throw EDHOCError(.invalidCredential, "an OKP key has no y")
            }
            return x
        }
        guard let y else {
            guard hasSignOfY else { throw EDHOCError(.invalidCredential, "an EC2 key without y") }
            return x
        }
        guard y.count == curve.coordinateLength else {
            throw EDHOCError(.invalidCredential, "want y as long as x, have \(y.count) bytes")
        }
        return x + y
    }
}

extension CBORReader {
    /// Reads the `cnf` claim, a map that holds a COSE_Key under 1 (RFC 8747 § 3.2).
    @_lifetime(self: copy self)
    mutating func confirmation() throws(CBORError) -> COSEKey? {
        var key: COSEKey?
        for _ in 0..<(try map()) {
            switch try item() {
            case [1]: key = try coseKey()
            default: try skip()
            }
        }
        return key
    }

    @_lifetime(self: copy self)
    private mutating func coseKey() throws(CBORError) -> COSEKey {
        var key = COSEKey()
        for _ in 0..<(try map()) {
            switch try item() {
            case [0x01]: key.type = try integer()
            case [0x02]: key.kid = try bytes(count: 0...ConnectionID.maximumLength)
            case [0x20]: key.curve = try integer()
            case [0x21]: key.x = try bytes()
            case [0x22] where try peek() == .bytes: key.y = try bytes()
            case [0x22]:
                _ = try bool()
                key.hasSignOfY = true
            // Whoever sends a private key has lost it.
            case [0x23]: throw CBORError(.unsupported, "a private key in a credential")
            default: try skip()
            }
        }
        return key
    }
}
