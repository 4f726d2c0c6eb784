internal import ArgumentParser
internal import AsyncHTTPClient
internal import Foundation
internal import KeyExchange
internal import NIOCore
internal import NIOHTTP1

/// The admin API on its socket, as far as measurements need it.
struct AdminCall: Sendable {
    let socket: String

    /// Asks for a change.
    func post(_ path: String, _ body: String) async throws {
        _ = try await send(.POST, path, body)
    }

    /// Reads an answer.
    func get(_ path: String) async throws -> Data { try await send(.GET, path, nil) }

    private func send(_ method: HTTPMethod, _ path: String, _ body: String?) async throws -> Data {
        let host = socket.utf8.map { "%\(hexadecimal([$0]))" }.joined()
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = method
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(600))
        let answer = try await response.body.collect(upTo: 1 << 20)
        guard response.status.code < 300 else {
            throw ValidationError("\(path): \(response.status) \(String(buffer: answer))")
        }
        return Data(answer.readableBytesView)
    }
}
