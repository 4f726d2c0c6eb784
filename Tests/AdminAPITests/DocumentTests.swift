import AdminHarness
import Foundation
import HTTPTypes
import Testing

@testable import AdminAPI

@Suite struct DocumentTests {
    @Test func `the document describes each resource and method, and no others`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "docs/openapi.yaml"),
            encoding: .utf8
        )
        var described: Set<String> = []
        var path = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("  /") { path = line.dropFirst(2).dropLast().description }
            for method in ["get", "post", "put", "patch", "delete"] where line == "    \(method):" {
                described.insert("\(method) \(path)")
            }
        }
        let served = Routes(service: FakeService()).all.flatMap { route in
            route.methods.map { "\($0.0.rawValue.lowercased()) \(route.path)" }
        }
        #expect(described == Set(served))
    }
}
