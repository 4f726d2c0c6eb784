import Foundation
import GRDB
import KeyExchange
import Testing

extension Home {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/layout-1.sql")

    /// A fleet that a program of layout 1 left behind.
    static func layoutOne() throws -> Home {
        let home = try Home()
        let text = try String(contentsOf: fixture, encoding: .utf8)
        let marker = try #require(text.range(of: "root key: "))
        let digits = text[marker.upperBound...].prefix(64)
        let decoded = KeyExchange.bytes(hexadecimal: digits)
        let key = try #require(decoded)
        try Data(key).write(to: URL(fileURLWithPath: home.keyFile))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: home.keyFile
        )
        try FileManager.default.createDirectory(
            atPath: home.data,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try home.restoreLayoutOne()
        return home
    }

    /// Puts the old database in the place of what is there now; nobody has it open.
    func restoreLayoutOne() throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: database + suffix)
        }
        // The text names tables in the order of their names.
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        let text = try String(contentsOf: Self.fixture, encoding: .utf8)
        try queue.writeWithoutTransaction { db in try db.execute(sql: text) }
        try queue.close()
    }
}
