internal import CBOR
internal import Secrets

/// An error message (RFC 9528 § 6): not authenticated, so a hint and never a command.
public enum EDHOCErrorMessage: Hashable, Sendable {
    /// Anything, with at most 128 bytes of text for the log of the other side.
    case unspecified(String)
    /// The selected suite is not supported; these are.
    case wrongSuite([CipherSuite.ID])
    /// The credential that was referred to is not known.
    case unknownCredential

    /// The most bytes of text that are sent or accepted.
    public static let maximumText = 128

    /// The code on the wire.
    public var code: Int {
        switch self {
        case .unspecified: 1
        case .wrongSuite: 2
        case .unknownCredential: 3
        }
    }

    /// Its bytes on the wire; text is cut to its limit.
    public var encoded: [UInt8] {
        CBORWriter.encode { writer in
            writer.integer(code)
            switch self {
            case .unspecified(let text): writer.text(text.prefix(utf8: Self.maximumText))
            case .wrongSuite(let suites): writer.suites(suites)
            case .unknownCredential: writer.bool(true)
            }
        }
    }

    /// Reads an error message; a code that is not known is malformed.
    public init(encoded: [UInt8]) throws(EDHOCError) {
        do throws(CBORError) {
            var reader = CBORReader(encoded.rawSpan)
            switch try reader.integer() {
            case 1: self = .unspecified(try reader.text(maximum: Self.maximumText))
            case 2: self = .wrongSuite(try reader.suites())
            case 3:
                guard try reader.bool() else {
                    throw CBORError(.wrongType, "want true after code 3, have false")
                }
                self = .unknownCredential
            case let code: throw CBORError(.unsupported, "no error has the code \(code)")
            }
            try reader.end()
        } catch {
            throw EDHOCError(malformed: "error message", error)
        }
    }
}

extension String {
    /// The longest prefix of whole characters within `count` bytes.
    fileprivate func prefix(utf8 count: Int) -> String {
        var text = self
        while text.utf8.count > count { text.removeLast() }
        return text
    }
}

extension CBORWriter {
    /// Writes SUITES_I or SUITES_R: one number, or an array of two and more.
    mutating func suites(_ suites: [CipherSuite.ID]) {
        if suites.count != 1 { array(suites.count) }
        for suite in suites { integer(suite.rawValue) }
    }
}

extension CBORReader {
    /// Reads SUITES_I or SUITES_R: one number, or an array of two to sixteen different ones.
    @_lifetime(self: copy self)
    mutating func suites() throws(CBORError) -> [CipherSuite.ID] {
        guard try peek() == .array else { return [CipherSuite.ID(rawValue: try integer())] }
        let count = try array()
        guard (2...CipherSuite.maximumListed).contains(count) else {
            throw CBORError(.limit, "want 2 to \(CipherSuite.maximumListed) suites, have \(count)")
        }
        var suites: [CipherSuite.ID] = []
        for _ in 0..<count {
            let suite = CipherSuite.ID(rawValue: try integer())
            guard !suites.contains(suite) else {
                throw CBORError(.notDeterministic, "suite \(suite) is listed twice")
            }
            suites.append(suite)
        }
        return suites
    }
}

extension CipherSuite {
    /// The most suites in one list.
    public static let maximumListed = 16
}
