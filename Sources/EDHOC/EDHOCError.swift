internal import CBOR

/// Why a handshake ends without a session.
public struct EDHOCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is.
    public enum Code: Hashable, Sendable {
        /// A message is not the CBOR that the protocol wants.
        case malformed
        /// A message, a list or an item is longer than its limit.
        case tooLong
        /// The method is unknown, or not allowed here.
        case unsupportedMethod
        /// The selected suite is not supported here; these are.
        case unsupportedSuite([CipherSuite.ID])
        /// The peer selected a suite although one that it prefers is supported here.
        case suiteNotPreferred
        /// No suite is common to both sides.
        case noCommonSuite
        /// A public key is of a wrong length, off its curve or of low order.
        case invalidPublicKey
        /// A critical EAD item is not understood.
        case criticalEAD
        /// The credential that the peer names is not the one that was given.
        case unknownCredential
        /// A credential cannot be read.
        case invalidCredential
        /// The peer presents this side's own identity.
        case ownIdentity
        /// A MAC, a signature or a tag is wrong.
        case notAuthentic
        /// The long-term key or the crypto library failed.
        case crypto(CryptoError)
    }

    /// What kind of fault it is.
    public let code: Code
    /// What was expected and what was found, for this side's log alone.
    public let detail: String

    /// Names a fault.
    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    init(malformed what: String, _ error: CBORError) {
        self.init(error.code == .limit ? .tooLong : .malformed, "\(what): \(error)")
    }

    /// The kind and the detail on one line.
    public var description: String { "\(code): \(detail)" }

    /// What to send to the peer: the code and a generic text, never the detail.
    public var errorMessage: EDHOCErrorMessage {
        switch code {
        // An empty SUITES_R has no encoding.
        case .unsupportedSuite(let suites) where !suites.isEmpty: .wrongSuite(suites)
        case .unknownCredential: .unknownCredential
        case .malformed, .tooLong, .unsupportedMethod, .unsupportedSuite, .suiteNotPreferred,
            .noCommonSuite,
            .invalidPublicKey, .criticalEAD, .invalidCredential, .ownIdentity, .notAuthentic,
            .crypto:
            .unspecified("handshake failed")
        }
    }

    /// Equal by kind: the detail is for people.
    public static func == (left: Self, right: Self) -> Bool { left.code == right.code }

    /// Hashes the kind alone.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
