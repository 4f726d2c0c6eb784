import AdminAPI
import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// One answer, its body as text.
struct Answer {
    let status: Int
    let headers: [String: String]
    let text: String

    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// A server on a real socket in a folder of its own.
struct RunningServer {
    let service: FakeService
    let path: String
    let client: HTTPClient

    func send(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        let socket = path.replacing("/", with: "%2F")
        var request = HTTPClientRequest(url: "http+unix://\(socket)\(target)")
        request.method = method
        if let bytes = bytes ?? body.map({ Array($0.utf8) }) {
            request.body = .bytes(ByteBuffer(bytes: bytes))
        }
        let response = try await client.execute(request, timeout: .seconds(20))
        let text = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(
                response.headers.map { ($0.name.lowercased(), $0.value) },
                uniquingKeysWith: { "\($0), \($1)" }
            ),
            text: String(buffer: text)
        )
    }

    func get(_ target: String) async throws -> Answer { try await send(.GET, target) }

    func post(_ target: String, _ body: String? = nil) async throws -> Answer {
        try await send(.POST, target, body: body)
    }
}

/// Runs a server for the length of a story, then stops it gracefully.
func withServer(
    peer: PeerCredentials? = nil,
    policy: AccessPolicy = AccessPolicy(ownUID: 0),
    _ story: (RunningServer) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/admin.sock"
    let service = FakeService()
    let configuration = AdminServer.Configuration(socketPath: path, access: policy)
    let server = AdminServer(
        service: service,
        configuration: configuration,
        logger: .silent,
        identify: { channel in
            if let peer { return peer }
            return try await PeerCredentials.read(from: channel)
        }
    )
    let group = ServiceGroup(
        configuration: .init(services: [.init(service: server)], logger: .silent)
    )
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        try await appearance(of: path)
        let client = HTTPClient()
        do {
            try await story(RunningServer(service: service, path: path, client: client))
        } catch {
            try? await client.shutdown()
            await group.triggerGracefulShutdown()
            throw error
        }
        try await client.shutdown()
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
    withExtendedLifetime(folder) {}
}

/// Waits until the server has bound its socket and opened it to its group.
func appearance(of path: String) async throws {
    for _ in 0..<500 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if (attributes?[.posixPermissions] as? Int).map({ $0 & 0o777 }) == 0o660 { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw CancellationError()
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
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
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
