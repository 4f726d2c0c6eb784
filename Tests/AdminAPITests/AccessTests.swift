import AdminAPI
import AdminHarness
import AdminModel
import Testing

@Suite struct AccessTests {
    static let stranger = PeerCredentials(uid: 54_321, gid: 54_321)

    @Test(arguments: ["/v1/health", "/v1/status", "/v1/metrics", "/v1/devices", "/nothing"])
    func `a stranger gets nothing, not even whether a path exists`(target: String) async throws {
        try await withServer(peer: Self.stranger) { server in
            let answer = try await server.get(target)
            #expect(answer.status == 403)
            let problem = try answer.decoded(AdminProblem.self)
            #expect(problem.code == .notPermitted)
            #expect(problem.message.contains("uid 54321"))
        }
    }

    @Test func `a stranger changes nothing`() async throws {
        try await withServer(peer: Self.stranger) { server in
            let answer1 = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            #expect(answer1.status == 403)
            #expect(server.service.now.groups.isEmpty)
        }
    }

    @Test func `an account that is named may`() async throws {
        let policy = AccessPolicy(ownUID: 1, uids: [54_321])
        try await withServer(peer: Self.stranger, policy: policy) { server in
            let answer2 = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            #expect(answer2.status == 201)
            // The account has no name here, so its number stands in the log.
            #expect(server.service.now.audit.map(\.actor) == ["uid:54321"])
        }
    }

    @Test func `the policy knows root, the server itself, accounts and groups`() {
        let policy = AccessPolicy(ownUID: 990, uids: [1_000], gids: [27])
        #expect(policy.permits(PeerCredentials(uid: 0, gid: 54_321)))
        #expect(policy.permits(PeerCredentials(uid: 990, gid: 54_321)))
        #expect(policy.permits(PeerCredentials(uid: 1_000, gid: 54_321)))
        #expect(policy.permits(PeerCredentials(uid: 54_321, gid: 27)))
    }

    @Test(arguments: [
        PeerCredentials(uid: 27, gid: 1_000), PeerCredentials(uid: 54_321, gid: 0),
        PeerCredentials(uid: .max, gid: .max), PeerCredentials(uid: 991, gid: 990),
    ])
    func `the policy knows nobody else`(peer: PeerCredentials) {
        #expect(!AccessPolicy(ownUID: 990, uids: [1_000], gids: [27]).permits(peer))
        #expect(!AccessPolicy(ownUID: 990).permits(peer))
    }
}
