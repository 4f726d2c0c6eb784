import AdminAPI
import AdminHarness
import AdminModel
import NIOHTTP1
import Testing

@Suite struct BadRequestTests {
    /// A request that is refused: its body, then what the message must say.
    struct Bad: Sendable, CustomTestStringConvertible {
        var target = "/v1/groups"
        let body: String
        var status = 400
        var code = "malformed"
        let message: String

        var testDescription: String { message }
    }

    static let bodies = [
        Bad(body: "", message: "not JSON"),
        Bad(body: "{", message: "not JSON"),
        Bad(body: "name=hall", message: "not JSON"),
        Bad(body: #"{"name":"hall"} x"#, message: "not JSON"),
        Bad(body: "[]", message: "the body has the wrong type: want an object"),
        Bad(body: "\"hall\"", message: "the body has the wrong type: want an object"),
        Bad(body: "null", message: "wrong type: want an object"),
        Bad(body: "{}", message: "field \"name\" is missing"),
        Bad(body: #"{"name":5}"#, message: "field \"name\" has the wrong type: want a string"),
        Bad(body: #"{"name":null}"#, message: "field \"name\""),
        Bad(body: #"{"name":["hall"]}"#, message: "field \"name\" has the wrong type"),
        Bad(body: #"{"name":"hall","nme":1}"#, message: "unknown field \"nme\": want only name"),
        Bad(body: #"{"Name":"hall"}"#, message: "unknown field \"Name\""),
        Bad(
            body: #"{"name":"Hall of Mirrors"}"#,
            status: 422,
            code: "invalid",
            message: "bad name"
        ),
        Bad(body: #"{"name":""}"#, status: 422, code: "invalid", message: "bad name"),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall","uses":"3"}"#,
            message: "field \"uses\" has the wrong type: want a whole number"
        ),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall","uses":1.5}"#,
            message: "field \"uses\""
        ),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall","expiresInSeconds":-1}"#,
            message: "field \"expiresInSeconds\""
        ),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall","preRegistered":"yes"}"#,
            message: "want true or false"
        ),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall","usess":3}"#,
            message: "unknown field \"usess\""
        ),
        Bad(
            target: "/v1/bundles",
            body: #"{"group":"hall"}"#,
            status: 404,
            code: "notFound",
            message: "no group hall"
        ),
        Bad(
            target: "/v1/key-specs",
            body: #"{"name":"data","group":"hall","graceSeconds":1e12}"#,
            message: "field"
        ),
        Bad(
            target: "/v1/rotations",
            body: #"{"device":"lamp","all":true}"#,
            message: "unknown field \"all\""
        ),
        Bad(
            target: "/v1/keys/suspend",
            body: #"{"device":"lamp"}"#,
            message: "field \"key\" is missing"
        ),
        Bad(
            target: "/v1/keys/compromise",
            body: #"{"device":"lamp","key":"data","epoch":-1}"#,
            message: "field \"epoch\""
        ),
        Bad(
            target: "/v1/keys/retire",
            body: #"{"key":"data"}"#,
            status: 422,
            code: "invalid",
            message: "want one of device, group and where"
        ),
        Bad(
            target: "/v1/keys/resume",
            body: #"{"device":"lamp","key":"data"}"#,
            status: 404,
            code: "notFound",
            message: "no device lamp"
        ),
        Bad(
            target: "/v1/labels",
            body: #"{"device":"lamp","set":["floor"]}"#,
            message: "field \"set\" has the wrong type"
        ),
        Bad(
            target: "/v1/labels",
            body: #"{"where":"group hall","set":{"floor":"3"}}"#,
            status: 422,
            code: "invalid",
            message: "column"
        ),
        Bad(
            target: "/v1/policy",
            body: #"{"name":"colour","value":"red"}"#,
            status: 404,
            code: "notFound",
            message: "no policy"
        ),
        Bad(
            target: "/v1/policy",
            body: #"{"name":"cloneResponse","value":"shout"}"#,
            status: 422,
            code: "invalid",
            message: "want report or quarantine"
        ),
        Bad(
            target: "/v1/campaigns",
            body: #"{"name":"a","key":"k","where":"group=hall"}"#,
            message: "field \"pace\" is missing"
        ),
        Bad(
            target: "/v1/campaigns",
            body: #"{"name":"a","key":"k","where":"id=x","pace":{"perMinute":1,"perHour":2}}"#,
            message: "unknown field \"pace.perHour\""
        ),
        Bad(
            target: "/v1/campaigns",
            body:
                #"{"name":"a","key":"k","where":"id=x","pace":{"perMinute":1},"waves":[{"gate":5}]}"#,
            message: "unknown field \"waves.0.gate\""
        ),
        Bad(
            target: "/v1/campaigns",
            body: #"{"name":"a","key":"k","where":"id=x","pace":{"perMinute":1.5}}"#,
            message: "field \"pace.perMinute\""
        ),
        Bad(
            target: "/v1/campaigns",
            body: #"{"name":"a","key":"k","where":"grup=x","pace":{"perMinute":1}}"#,
            status: 422,
            code: "invalid",
            message: "column 1"
        ),
        Bad(
            target: "/v1/campaigns/spring/start",
            body: "",
            status: 404,
            code: "notFound",
            message: "no campaign spring"
        ),
        Bad(
            target: "/v1/campaigns/spring/pause",
            body: #"{"wave":1}"#,
            message: "unknown field \"wave\": want only revision"
        ),
        Bad(
            target: "/v1/campaigns/spring/resume",
            body: #"{"revision":"1"}"#,
            message: "field \"revision\" has the wrong type"
        ),
        Bad(
            target: "/v1/devices/import",
            body: "name,group,public_key\nlamp,hall\nlamp-2\n",
            status: 422,
            code: "invalid",
            message: "2 bad rows"
        ),
    ]

    @Test(arguments: bodies)
    func `a bad body is refused in words`(bad: Bad) async throws {
        try await withServer { server in
            let answer = try await server.post(bad.target, bad.body)
            #expect(answer.status == bad.status)
            let problem = try answer.decoded(AdminProblem.self)
            #expect(problem.code.rawValue == bad.code)
            #expect(problem.message.contains(bad.message), "\(problem.message)")
            #expect(server.service.now.audit.isEmpty)
        }
    }

    @Test(arguments: [
        ("/v1/devices?limit=0", "want 1 to 1000"),
        ("/v1/devices?limit=1001", "want 1 to 1000"),
        ("/v1/devices?limit=many", "want 1 to 1000"),
        ("/v1/devices?grup=hall", "unknown parameter \"grup\": want only group, state"),
        ("/v1/devices?group=a&group=b", "given twice"),
        ("/v1/device-count?limit=5", "want only group, state, where"),
        ("/v1/notices?device=lamp", "unknown parameter"),
        ("/v1/anchors?after=1", "this resource takes none"),
        ("/v1/audit?since=yesterday", "want a time like"),
        ("/v1/audit?until=2026-02-30", "want a time like"),
        ("/v1/status?verbose=1", "this resource takes none"),
    ])
    func `a bad parameter is refused in words`(target: String, message: String) async throws {
        try await withServer { server in
            let answer = try await server.get(target)
            #expect(answer.status == 400)
            let problem = try answer.decoded(AdminProblem.self)
            #expect(problem.message.contains(message), "\(problem.message)")
        }
    }

    @Test func `each bad row of an import comes with its line`() async throws {
        try await withServer { server in
            let answer = try await server.post(
                "/v1/devices/import",
                "name,group,public_key\nlamp,hall\na,b,c\nlamp-2\n"
            )
            let problem = try answer.decoded(AdminProblem.self)
            #expect(problem.details.map(\.line) == [2, 4])
            #expect(server.service.now.devices.isEmpty)
        }
    }

    @Test(arguments: [("/v1/groups", 64 << 10), ("/v1/devices/import", 16 << 20)])
    func `a body that is too large is refused`(target: String, limit: Int) async throws {
        try await withServer { server in
            let answer = try await server.post(target, String(repeating: "x", count: limit + 1))
            #expect(answer.status == 413)
            #expect(try answer.decoded(AdminProblem.self).code == .tooLarge)
        }
    }

    @Test(arguments: ["/", "/v2/groups", "/v1", "/v1/group", "/v1/devices/lamp/keys", "/v1/../etc"])
    func `an unknown path is not found`(target: String) async throws {
        try await withServer { server in
            let answer = try await server.get(target)
            #expect(answer.status == 404)
            #expect(try answer.decoded(AdminProblem.self).code == .notFound)
        }
    }

    @Test func `a wrong method is answered with the right ones`() async throws {
        try await withServer { server in
            for method in ["DELETE", "PUT", "PATCH"] {
                let answer = try await server.send(
                    .init(rawValue: method),
                    "/v1/groups",
                    body: "{}"
                )
                #expect(answer.status == 405)
                #expect(answer.headers["allow"] == "GET, POST")
                #expect(try answer.decoded(AdminProblem.self).code == .methodNotAllowed)
            }
            let answer1 = try await server.get("/v1/devices/lamp/retire")
            #expect(answer1.status == 405)
            let answer2 = try await server.post("/v1/status")
            #expect(answer2.status == 405)
        }
    }

    @Test func `text that is not UTF-8 is refused`() async throws {
        try await withServer { server in
            let answer = try await server.send(
                .POST,
                "/v1/devices/import",
                bytes: [0x6C, 0xFF, 0xFE, 0x0A]
            )
            #expect(answer.status == 400)
            #expect(answer.text.contains("UTF-8"))
        }
    }

    @Test(arguments: [
        (AdminProblem.Code.busy, 503), (.storeFailed, 507), (.conflict, 409), (.failed, 500),
        (.init(rawValue: "somethingNew"), 500),
    ])
    func `a problem of the service has its own status`(
        code: AdminProblem.Code,
        status: Int
    ) async throws {
        try await withServer { server in
            server.service.stage { $0.failure = AdminProblem(code, "as told") }
            let answer = try await server.get("/v1/status")
            #expect(answer.status == status)
            #expect(try answer.decoded(AdminProblem.self) == AdminProblem(code, "as told"))
        }
    }
}
