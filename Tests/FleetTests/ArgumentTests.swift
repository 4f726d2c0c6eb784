import Foundation
import Testing

/// The argument in `docs/rotation.md` leans on tests: they have to be there.
@Suite struct ArgumentTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `every test that the argument names is there`() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "docs/rotation.md"),
            encoding: .utf8
        )
        let named = text.matches(of: /`(\w+)\/(\w+Tests)`\s+“([^”]+)”/)
        #expect(named.count > 40)
        for match in named {
            let (folder, file) = (match.output.1, match.output.2)
            let sentence = match.output.3.split(whereSeparator: \.isWhitespace).joined(
                separator: " "
            )
            let source = try sources(named: "\(file).swift", in: "Tests/\(folder)Tests")
            #expect(source.contains("func `\(sentence)`"), "\(folder)/\(file): \(sentence)")
        }
    }

    @Test func `every step of the argument names at least one test`() throws {
        let text = try String(
            contentsOf: Self.root.appending(path: "docs/rotation.md"),
            encoding: .utf8
        )
        let steps = text.split(separator: /\n\*\*(?=\d+\. )/).dropFirst()
        #expect(steps.count >= 15)
        for step in steps { #expect(step.contains("Tests` “"), "\(step.prefix(60))") }
    }

    /// The texts of the files of that name in a folder of tests; suites may lie in folders of their own.
    private func sources(named name: String, in folder: String) throws -> String {
        let folder = Self.root.appending(path: folder)
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var text = ""
        while let file = files?.nextObject() as? URL {
            guard file.lastPathComponent == name else { continue }
            text += try String(contentsOf: file, encoding: .utf8)
        }
        return text
    }
}
