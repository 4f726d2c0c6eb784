import AdminAPI
import AdminHarness
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

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

/// Runs a server for the length of a story, with a client.
func withServer(
    peer: PeerCredentials? = nil,
    policy: AccessPolicy = AccessPolicy(ownUID: 0),
    _ story: (RunningServer) async throws -> Void
) async throws {
    try await withAdminServer(peer: peer, policy: policy) { service, path in
        let client = HTTPClient()
        do {
            try await story(RunningServer(service: service, path: path, client: client))
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
