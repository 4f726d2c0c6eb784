import AdminModel
import Foundation
import Testing

/// The fields that `docs/openapi.yaml` names against those that the code reads and writes.
@Suite struct SchemaTests {
    /// The lines of each schema of the document.
    private let schemas: [String: [String]]

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "docs/openapi.yaml"),
            encoding: .utf8
        )
        let part = try #require(text.split(separator: "\n  schemas:\n").last)
        var schemas: [String: [String]] = [:]
        var name = ""
        for line in part.split(separator: "\n").map(String.init) {
            if line.hasPrefix("    "), !line.hasPrefix("     ") {
                name = String(line.dropFirst(4).prefix { $0 != ":" })
            }
            schemas[name, default: []].append(line)
        }
        self.schemas = schemas
    }

    /// The names of a schema's properties, from a block or from one line of it.
    private func properties(of schema: String) throws -> Set<String> {
        let lines = try #require(schemas[schema], "no schema \(schema)")
        let start = try #require(
            lines.firstIndex { $0.hasPrefix("      properties:") },
            "\(schema)"
        )
        let inline = lines[start].dropFirst("      properties:".count)
        if !inline.isEmpty {
            // No schema on one line has more than one level of its own below.
            return Set(inline.matches(of: /(\w+): \{/).map { String($0.output.1) })
        }
        return Set(
            lines[(start + 1)...].prefix { $0.hasPrefix("        ") }
                .filter { !$0.hasPrefix("         ") }
                .map { line in
                    line.drop { $0 == " " || $0 == "'" }.prefix { $0 != ":" && $0 != "'" }
                }
                .map(String.init)
        )
    }

    private func required(of schema: String) throws -> Set<String> {
        let lines = try #require(schemas[schema])
        let line = lines.first { $0.hasPrefix("      required: [") } ?? ""
        return Set(
            line.dropFirst("      required: [".count).matches(of: /\w+/).map { String($0.output) }
        )
    }

    @Test(arguments: [
        ("GroupCreation", GroupCreation.fieldNames),
        ("KeySpecCreation", KeySpecCreation.fieldNames),
        ("BundleCreation", BundleCreation.fieldNames), ("KeySelection", KeySelection.fieldNames),
        ("KeyOrder", KeyOrder.fieldNames), ("LabelChange", LabelChange.fieldNames),
        ("PolicyChange", PolicyChange.fieldNames), ("AnchorSwitch", AnchorSwitch.fieldNames),
        ("CampaignPlan", CampaignPlan.fieldNames),
    ])
    func `the document names each field of a request, and no other`(
        schema: String,
        fields: [String]
    ) throws {
        #expect(try properties(of: schema) == Set(fields))
        #expect(try required(of: schema).isSubset(of: fields))
    }

    private static let time = Timestamp(seconds: 1)
    private static let notice = Notice(device: "a", kind: "ahead", firstAt: time, lastAt: time)
    private static let device = Device(
        id: "a",
        group: "b",
        state: "enrolled",
        store: "file",
        level: "software",
        agentVersion: "1",
        lastSeenAt: time
    )
    private static let key = DeviceKey(
        name: "a",
        epoch: 1,
        state: "active",
        reported: "primary",
        algorithm: "aes-256",
        thumbprint: "00",
        changedAt: time,
        reportedAt: time,
        createdAt: time,
        graceUntil: time,
        dueAt: time,
        failure: "hookFailed",
        isOverAge: true
    )
    private static let status = ServerStatus(
        version: "1",
        fleet: "a",
        startedAt: time,
        broker: "connected",
        sessions: 0,
        devices: [:],
        keysDue: 0,
        keysOverAge: 0,
        keysSuspended: 0,
        keysCompromised: 0,
        notices: [:],
        campaigns: [:],
        auditRows: 1,
        auditHead: "00",
        schemaVersion: 1,
        databaseBytes: 1,
        disk: "enough",
        diskFreeBytes: 1
    )

    private static let answers: [(String, any Encodable & Sendable)] = [
        ("Device", device), ("DeviceKey", key), ("Notice", notice), ("ServerStatus", status),
        (
            "DeviceDetail",
            DeviceDetail(
                device: device,
                keys: [key],
                labels: ["a": "b"],
                notices: [notice],
                contactSeconds: 1,
                anchor: 1
            )
        ),
        ("KeyChange", KeyChange(keys: 1)), ("RotationStart", RotationStart(keys: 1)),
        ("RotationProgress", RotationProgress(keys: 1, settled: 1, waiting: 0, failed: 0)),
    ]

    @Test(arguments: answers.indices)
    func `the document describes each field of an answer, and asks for none that is not there`(
        index: Int
    ) throws {
        let (schema, answer) = Self.answers[index]
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(answer))
        let fields = Set(try #require(json as? [String: Any]).keys)
        let described = try properties(of: schema)
        #expect(fields.isSubset(of: described), "\(schema): \(fields.subtracting(described))")
        #expect(try required(of: schema).isSubset(of: fields), "\(schema)")
    }
}
