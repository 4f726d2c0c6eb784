import AdminAPI
import AdminHarness
import FoundationEssentials
import Glibc
import Testing

@Suite struct SocketTests {
    @Test func `the socket is for owner and group, and gone afterwards`() async throws {
        var path = ""
        try await withServer { server in
            path = server.path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o777 } == 0o660)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a socket that a killed server left is replaced`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/admin.sock"
        abandonSocket(at: path)
        try await withRunning(server(at: path), at: path) {}
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a socket that answers is left alone`() async throws {
        try await withServer { server in
            let error = await refusal(at: server.path)
            #expect(error?.code == .inUse)
            let answer = try await server.get("/v1/health")
            #expect(answer.status == 200)
        }
    }

    @Test func `another kind of file is left alone`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/admin.sock"
        try Data("precious".utf8).write(to: URL(filePath: path))
        #expect(await refusal(at: path)?.code == .notASocket)
        #expect(try String(contentsOf: URL(filePath: path), encoding: .utf8) == "precious")
    }

    @Test func `a folder that is not there is said to be missing`() async throws {
        let folder = try TemporaryFolder()
        let error = await refusal(at: folder.path + "/none/admin.sock")
        #expect(error?.code == .unusable)
        #expect(error?.description.contains("folder must exist") == true)
    }

    @Test func `half a request does not keep the server from stopping`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/admin.sock"
        var client: Int32 = -1
        // Without its own bound the server would wait for as long as a connection may be idle.
        try await withRunning(server(at: path, idleSeconds: 3_600), at: path) {
            client = unsafe open(path) { unsafe connect($0, $1, $2) }
            let request = "POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
            #expect(unsafe write(client, request, request.utf8.count) == request.utf8.count)
            // Time for the server to read it; without that the test shows less, but stays green.
            try await Task.sleep(for: .milliseconds(200))
        }
        close(client)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: ["", "/" + String(repeating: "x", count: 107)])
    func `a path that no socket can have is refused`(path: String) async throws {
        #expect(await refusal(at: path)?.code == .pathTooLong)
    }

    private func server(at path: String, idleSeconds: Int64 = 60) -> AdminServer {
        AdminServer(
            service: FakeService(),
            configuration: .init(
                socketPath: path,
                access: AccessPolicy(ownUID: 0),
                idleSeconds: idleSeconds,
                stopSeconds: 1
            ),
            logger: .silent
        )
    }

    private func refusal(at path: String) async -> AdminServerError? {
        do {
            try await server(at: path).run()
            return nil
        } catch {
            return error as? AdminServerError
        }
    }

    /// Binds a socket and closes it without removing its file, as `kill -9` does.
    private func abandonSocket(at path: String) {
        unsafe close(open(path) { unsafe bind($0, $1, $2) })
    }

    private func open(
        _ path: String,
        _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            unsafe room.copyBytes(from: path.utf8)
        }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe attach(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
        return socket
    }
}
