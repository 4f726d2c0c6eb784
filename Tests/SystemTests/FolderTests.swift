import EstateHarness
import Foundation
import Glibc
import Testing

extension SystemTests {
    @Suite struct FolderTests {
        @Test func `a second server on the data folder is refused and told who has it`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let second = try await refusal(estate)
            #expect(second.code == 1)
            #expect(second.errors.contains("locked"))
            #expect(second.errors.contains("process \(estate.running?.identifier ?? 0)"))
            // The first goes on, and the second has not taken its socket away.
            #expect(try await estate.status().broker == "connected")
        }

        @Test func `a root key that is missing, wrong or open to others is named`() async throws {
            let estate = try await Estate()
            let key = try Data(contentsOf: URL(fileURLWithPath: estate.rootKey))
            #expect(unsafe chmod(estate.rootKey, 0o644) == 0)
            let exposed = try await refusal(estate)
            #expect(exposed.code == 1 && exposed.errors.contains("rootKeyExposed"))
            #expect(unsafe unlink(estate.rootKey) == 0)
            let missing = try await refusal(estate)
            #expect(missing.code == 1 && missing.errors.contains("rootKeyMissing"))
            // A new one in its place would make all that is sealed unreadable.
            #expect(!FileManager.default.fileExists(atPath: estate.rootKey))
            try write("", to: estate.rootKey)
            try Data(key.map { $0 ^ 1 }).write(to: URL(fileURLWithPath: estate.rootKey))
            let wrong = try await refusal(estate)
            #expect(wrong.code == 1 && wrong.errors.contains("rootKeyWrong"))
            for outcome in [exposed, missing] {
                #expect(outcome.errors.contains(estate.rootKey), "\(outcome.errors)")
            }
            try key.write(to: URL(fileURLWithPath: estate.rootKey))
            try await estate.start()
        }

        @Test func `a database of a newer version is refused and left alone`() async throws {
            let estate = try await Estate()
            try await estate.change("PRAGMA user_version = 99")
            let outcome = try await refusal(estate)
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("newerVersion: the database has layout 99"))
            #expect(try await estate.number("PRAGMA user_version") == 99)
        }

        @Test func `a data folder on a read-only disk is refused by name`() async throws {
            let estate = try await Estate()
            let outcome = try await refusal(
                estate,
                under: Self.inNamespace(
                    "mount --bind \(estate.data) \(estate.data) && "
                        + "mount -o remount,bind,ro \(estate.data)"
                )
            )
            #expect(outcome.code == 1 && outcome.errors.contains("readOnly"), "\(outcome.errors)")
            try await estate.start()
        }

        /// Starts a server that must not come up.
        private func refusal(_ estate: Estate, under wrapper: [String] = []) async throws -> Outcome
        {
            let child = try Program(
                "latchkeyd",
                ["run", "--config", estate.configuration],
                in: estate.path,
                under: wrapper
            )
            let code = try await child.end()
            return Outcome(
                code: code,
                output: contents(child.output),
                errors: contents(child.errors)
            )
        }

        /// A shell that changes mounts for itself alone, then becomes the program.
        private static func inNamespace(_ commands: String) -> [String] {
            let flags = geteuid() == 0 ? "-m" : "-rm"
            return [
                "/usr/bin/unshare", flags, "/bin/sh", "-c", "\(commands) && exec \"$0\" \"$@\"",
            ]
        }
    }
}
