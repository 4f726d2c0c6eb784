import FoundationEssentials

/// The vectors of RFC 9529.
struct RFC9529: Decodable, Sendable {
    enum Value: Decodable, Sendable {
        case hex(String)
        case number(Int)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .hex(try container.decode(String.self))
            }
        }
    }
    struct Values: Decodable, Sendable {
        let values: [String: Value]

        subscript(name: String) -> [UInt8] {
            guard case .hex(let text)? = values[name] else {
                preconditionFailure("no such value: \(name)")
            }
            return EDHOCTests.hex(text)
        }
    }
    struct Chapter: Decodable, Sendable {
        let values: [String: Value]
        let negotiation: Values?
    }
    struct Invalid: Decodable, Sendable {
        let name: String
        let kind: String
        let hex: String
        let why: String
    }
    let chapter2: Chapter
    let chapter3: Chapter
    let invalid: [Invalid]

    static func load() throws -> RFC9529 {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let path = "/\(folder)/Vectors/rfc9529.json"
        return try JSONDecoder().decode(
            RFC9529.self,
            from: try Data(contentsOf: URL(filePath: path))
        )
    }
}
