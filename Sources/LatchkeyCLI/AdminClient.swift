internal import AdminModel
internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// Asks the server for things, over HTTP on its Unix socket.
struct AdminClient {
    private let http: HTTPClient
    private let socket: String

    /// Largest answer that is read, in bytes: a full page has some hundred kilobytes.
    private static let largestAnswer = 64 << 20

    /// Opens a client for one command.
    static func connected(
        to socket: String,
        _ body: (AdminClient) async throws -> Void
    ) async throws {
        try SocketProbe.check(socket)
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        let http = HTTPClient(configuration: configuration)
        do {
            try await body(AdminClient(http: http, socket: socket))
        } catch {
            try? await http.shutdown()
            throw error
        }
        try? await http.shutdown()
    }

    /// Reads something.
    func get<Value: Decodable>(
        _ path: String,
        _ parameters: [(String, String?)] = []
    ) async throws -> Value {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        let target = query.isEmpty ? path : path + "?" + query.joined(separator: "&")
        return try await send(.GET, target, nil)
    }

    /// Asks for a change.
    func post<Value: Decodable>(
        _ path: String,
        _ body: some Encodable,
        timeoutSeconds: Int64 = 60
    ) async throws -> Value {
        try await send(
            .POST,
            path,
            Array(JSONEncoder().encode(body)),
            timeoutSeconds: timeoutSeconds
        )
    }

    /// Asks for a change that needs no words.
    func post<Value: Decodable>(
        _ path: String,
        timeoutSeconds: Int64 = 60
    ) async throws -> Value {
        try await send(.POST, path, nil, timeoutSeconds: timeoutSeconds)
    }

    /// Sends a file.
    func post<Value: Decodable>(_ path: String, file: [UInt8]) async throws -> Value {
        try await send(.POST, path, file, type: "text/csv", timeoutSeconds: 600)
    }

    /// Reads a list part by part, at most `limit` items.
    func pages<Item: Codable & Sendable>(
        of path: String,
        _ parameters: [(String, String?)] = [],
        limit: Int? = nil,
        _ body: ([Item]) throws -> Void
    ) async throws {
        var after: String?
        var left = limit ?? .max
        repeat {
            let count = min(left, PageRequest.largestLimit)
            let page: Page<Item> = try await get(
                path,
                parameters + [("after", after), ("limit", String(count))]
            )
            try body(Array(page.items.prefix(left)))
            left -= page.items.count
            after = page.next
        } while after != nil && left > 0
    }

    private func send<Value: Decodable>(
        _ method: HTTPMethod,
        _ target: String,
        _ body: [UInt8]?,
        type: String = "application/json",
        timeoutSeconds: Int64 = 60
    ) async throws -> Value {
        var request = HTTPClientRequest(url: "http+unix://\(escaped(socket))\(target)")
        request.method = method
        if let body {
            request.headers.add(name: "content-type", value: type)
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let status: Int
        let answer: Data
        do {
            let response = try await http.execute(request, timeout: .seconds(timeoutSeconds))
            status = Int(response.status.code)
            let buffer = try await response.body.collect(upTo: Self.largestAnswer)
            answer = Data(buffer.readableBytesView)
        } catch {
            throw Failure(
                .unreachable,
                "the server on \(socket) did not answer (\(error)): see its log, then try again"
            )
        }
        let decoder = JSONDecoder()
        if (200..<300).contains(status), let value = try? decoder.decode(Value.self, from: answer) {
            return value
        }
        if let problem = try? decoder.decode(AdminProblem.self, from: answer) {
            throw Failure(problem)
        }
        throw Failure(
            .serverFailed,
            "the answer on \(socket) (status \(status)) is not one of a Latchkey server that this "
                + "command knows: compare `latchkey --version` with the server's"
        )
    }
}

/// Text made safe for every part of a URL (RFC 3986 § 2.3: only unreserved characters stay).
func escaped(_ text: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), UInt8(ascii: "~"):
            result.append(Character(Unicode.Scalar(byte)))
        default:
            result.append("%")
            result.append(hexadecimal[Int(byte >> 4)])
            result.append(hexadecimal[Int(byte & 15)])
        }
    }
}
