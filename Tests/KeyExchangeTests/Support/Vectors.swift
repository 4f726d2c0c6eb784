import Foundation
import KeyExchange
import Testing

/// What other code has written, by name: see Vectors/make.py.
struct Vectors {
    private var values: [String: [UInt8]] = [:]

    init() throws {
        // Tests/KeyExchangeTests/Support/<this file>
        var folder = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        folder.removeLast(2)
        let text = try String(
            contentsOfFile: folder.joined(separator: "/") + "/Vectors/vectors.txt",
            encoding: .utf8
        )
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            try #require(parts.count == 3 && parts[1] == "=")
            let value: [UInt8] = try #require(bytes(hexadecimal: parts[2]))
            values[String(parts[0])] = value
        }
    }

    /// Empty for a name that there is not, which is no vector of anything.
    subscript(name: String) -> [UInt8] { values[name] ?? [] }
}
