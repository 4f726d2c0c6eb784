package import AdminAPI
internal import FoundationEssentials
package import Logging
internal import NIOCore
internal import ServiceLifecycle

/// Runs an admin server over a fake service on a real socket for the length of a story, then stops it
/// gracefully.
package func withAdminServer(
    peer: PeerCredentials? = nil,
    policy: AccessPolicy = AccessPolicy(ownUID: 0),
    _ story: (_ service: FakeService, _ path: String) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/admin.sock"
    let service = FakeService()
    let server = AdminServer(
        service: service,
        configuration: .init(socketPath: path, access: policy),
        logger: .silent,
        identify: { channel in
            if let peer { return peer }
            return try await PeerCredentials.read(from: channel)
        }
    )
    try await withRunning(server, at: path) { try await story(service, path) }
    withExtendedLifetime(folder) {}
}

/// Runs a server for the length of a story.
package func withRunning(
    _ server: AdminServer,
    at path: String,
    _ story: () async throws -> Void
) async throws {
    let group = ServiceGroup(
        configuration: .init(services: [.init(service: server)], logger: .silent)
    )
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do {
            try await appearance(of: path)
            try await story()
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// Waits until the server has bound its socket and opened it to its group.
private func appearance(of path: String) async throws {
    for _ in 0..<1_000 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if (attributes?[.posixPermissions] as? Int).map({ $0 & 0o777 }) == 0o660 { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw CancellationError()
}

/// A folder that goes away with its owner.
package final class TemporaryFolder: Sendable {
    /// Where it is.
    package let path: String

    /// Makes it.
    package init() throws {
        let parent = FileManager.default.temporaryDirectory
        path = parent.appending(path: "latchkey-\(UInt32.random(in: 0 ... .max))").path()
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: false
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Logger {
    /// One that says nothing.
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
