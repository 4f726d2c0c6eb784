import AdminAPI
import AdminHarness
import AdminModel
import LatchkeyCLI
import Testing

@Suite struct RefusalTests {
    @Test(arguments: [
        ["group"], ["group", "create"], ["frobnicate"], ["status", "now"],
        ["key-spec", "create", "data", "--group", "hall"],
        ["key-spec", "create", "data", "--group", "hall", "--algorithm", "des"],
        [
            "key-spec", "create", "data", "--group", "hall", "--algorithm", "aes-256", "--grace",
            "1",
        ],
        [
            "key-spec", "create", "data", "--group", "hall", "--algorithm", "aes-256", "--use",
            "all",
        ],
        ["bundle", "create", "--output", "x"], ["bundle", "create", "--group", "hall"],
        [
            "bundle", "create", "--group", "hall", "--pre-registered", "--uses", "2", "--output",
            "x",
        ],
        ["key", "rotate"], ["key", "rotate", "--device", "a", "--group", "b"],
        ["key", "rotate", "--device", "a", "--key", "k", "--all"],
        ["key", "rotate", "--device", "a", "--wait", "0"],
        ["audit", "list", "--since", "yesterday"], ["audit", "list", "--limit", "0"],
    ])
    func `a command line that can't be understood ends with 64`(words: [String]) async {
        let outcome = await run(words)
        // A bare `group` has nothing to do but to explain itself.
        #expect(outcome.status == (words == ["group"] ? .done : .usage))
        #expect(!outcome.error.isEmpty || words == ["group"])
    }

    @Test(arguments: ["/nowhere/admin.sock", "/dev/null"])
    func `no server is said with what to do`(path: String) async {
        let outcome = await run(["status", "--socket", path])
        #expect(outcome.status == .unreachable)
        #expect(outcome.error.contains("latchkeyd run"))
    }

    @Test func `a server that went away is unreachable`() async throws {
        var path = ""
        try await withShell { latchkey in path = latchkey.path }
        let outcome = await run(["status", "--socket", path])
        #expect(outcome.status == .unreachable)
    }

    @Test func `a stranger is told whom to ask`() async throws {
        try await withShell(peer: PeerCredentials(uid: 54_321, gid: 54_321)) { latchkey in
            let outcome = await latchkey("status")
            #expect(outcome.status == .notPermitted)
            #expect(outcome.error.contains("admin group"))
        }
    }

    @Test(arguments: [
        (AdminProblem.Code.invalid, ExitReason.refused), (.malformed, .refused),
        (.notPermitted, .notPermitted), (.notFound, .notFound), (.conflict, .conflict),
        (.busy, .serverFailed), (.storeFailed, .serverFailed), (.failed, .serverFailed),
        (.tooLarge, .refused), (.init(rawValue: "somethingNew"), .refused),
    ])
    func `each problem has its exit code`(
        code: AdminProblem.Code,
        status: ExitReason
    ) async throws {
        try await withShell { latchkey in
            latchkey.service.stage { $0.failure = AdminProblem(code, "as told") }
            let outcome = await latchkey("status")
            #expect(outcome.status == status)
            #expect(outcome.error == "latchkey: as told\n")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test(arguments: [nil, "no", "", "y"])
    func `a device is not retired without a yes`(answer: String?) async throws {
        try await withShell { latchkey in
            latchkey.service.stage { $0.add("lamp-1", group: "hall", in: "enrolled") }
            let outcome = await latchkey("device", "retire", "lamp-1", answer: answer)
            #expect(outcome.status == .local)
            #expect(latchkey.service.now.devices["lamp-1"]?.device.state == "enrolled")
        }
    }

    @Test func `a device is retired with a yes`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage {
                $0.add("lamp-1", group: "hall", in: "enrolled")
                $0.add("lamp-2", group: "hall", in: "enrolled")
            }
            #expect(await latchkey("device", "retire", "lamp-1", answer: "yes").status == .done)
            #expect(await latchkey("device", "retire", "lamp-2", "--yes").status == .done)
            let states = latchkey.service.now.devices.values.map(\.device.state)
            #expect(states == ["retiring", "retiring"])
        }
    }

    @Test func `a name can't leave its place in the path`() async throws {
        try await withShell { latchkey in
            let outcome = await latchkey("device", "show", "../groups?limit=1#x")
            #expect(outcome.status == .notFound)
        }
    }

    @Test func `an audit log that was changed has its own exit code`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage {
                $0.verdict = AuditVerdict(isIntact: false, rows: 6, faultAt: 7, fault: "edited")
            }
            let outcome = await latchkey("audit", "verify")
            #expect(outcome.status == .auditDamaged)
            #expect(outcome.error.contains("row 7: edited"))
        }
    }

    @Test func `a device can't write to the admin's terminal`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage { state in
                state.add("lamp-1", group: "hall", in: "enrolled")
                state.devices["lamp-1"]?.device.agentVersion = "1.0\u{1B}[2J\r\n"
            }
            let outcome = await latchkey("device", "list")
            #expect(outcome.lines.count == 2)
            #expect(outcome.lines.last?.contains("1.0?[2J??") == true)
        }
    }

    @Test(arguments: ["no-such-file.csv", "/"])
    func `a file that can't be read is local trouble`(file: String) async throws {
        try await withShell { latchkey in
            let outcome = await latchkey("device", "import", file)
            #expect(outcome.status == .local)
            #expect(outcome.error.contains("can't read \(file)"))
        }
    }
}
