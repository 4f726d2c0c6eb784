import CBOR
import Testing

/// One way in which a message can be wrong.
struct Wrong: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ description: String, _ write: (inout CBORWriter) -> Void) {
        testDescription = description
        bytes = CBORWriter.encode(write)
    }

    /// A good name, for what is wrong elsewhere.
    static let name = "data"
    /// As many bytes as a thumbprint has.
    static let digest = [UInt8](repeating: 7, count: 32)
}
