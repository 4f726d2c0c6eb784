import EstateHarness
import Glibc
import Testing

extension SystemTests {
    @Suite struct ConfigurationTests {
        @Test func `all faults of a configuration are told at once, with code 78`() async throws {
            let estate = try await Estate()
            let good = contents(estate.configuration)
            let bad = """
                [protocol]
                suites = "three"
                [limits]
                sessions = 0
                session_seconds = 3601
                sesions = 10
                [log]
                level = 3
                [brokr]
                port = 1
                """
            let kept = good.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !["[protocol]", "[limits]", "[log]"].contains($0) }
            try write(kept.joined(separator: "\n") + "\n" + bad, to: estate.configuration)
            for command in ["run", "check-config"] {
                let outcome = try await estate.run(
                    "latchkeyd",
                    [command, "--config", estate.configuration]
                )
                #expect(outcome.code == 78)
                for fault in [
                    "protocol.suites: want a list of whole numbers",
                    "limits.sessions: want 1 to 1000000, have 0",
                    "limits.session_seconds: want 2 to 3600, have 3601",
                    "limits.sesions: unknown setting", "log.level: want a string",
                    "[brokr]: unknown section",
                ] {
                    #expect(outcome.errors.contains(fault), "\(outcome.errors)")
                }
            }
        }

        @Test(arguments: ["[store", "store = 1", "\u{0}", "[limits]\nsessions = 1\nsessions = 2"])
        func `what is no configuration is refused with code 78`(text: String) async throws {
            let estate = try await Estate()
            try write(text, to: estate.configuration)
            let outcome = try await estate.run(
                "latchkeyd",
                ["run", "--config", estate.configuration]
            )
            #expect(outcome.code == 78 && outcome.errors.contains(estate.configuration))
        }

        @Test func `a configuration that is not there is refused with code 78`() async throws {
            let estate = try await Estate()
            let outcome = try await estate.run(
                "latchkeyd",
                ["run", "--config", "\(estate.path)/none.toml"]
            )
            #expect(outcome.code == 78)
            #expect(outcome.errors.contains("none.toml: No such file or directory"))
        }
    }
}
