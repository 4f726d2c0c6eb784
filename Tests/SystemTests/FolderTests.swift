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

        @Test func `a full disk refuses new work, keeps what is there, and is survived`()
            async throws
        {
            let estate = try await Estate()
            let socket = "\(estate.path)/admin.sock"
            try estate.configure {
                $0.replacing("\(estate.data)/admin.sock", with: socket)
            }
            unsafe symlink(socket, "\(estate.data)/admin.sock")
            let (data, copy) = (estate.data, "\(estate.path)/copy")
            try await estate.start(
                under: Self.inNamespace(
                    "cp -a \(data) \(copy) && mount -t tmpfs -o size=3m,mode=700 tmpfs \(data) && "
                        + "cp -a \(copy)/. \(data)/"
                )
            )
            let bundle = try await estate.makeLamps()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: bundle).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)

            // The server's own view of its disk; the file fills it to the last byte.
            let process = estate.running?.identifier ?? 0
            let filler = "/proc/\(process)/root\(data)/filler"
            try fill(filler)
            var refused: Outcome?
            try await eventually("the server says that its disk is full") {
                let name = "group-\(UInt32.random(in: 0 ... .max))"
                let outcome = try await estate.latchkey("group", "create", name)
                if outcome.code != 0 { refused = outcome }
                return outcome.code != 0
            }
            #expect(refused?.code == 7)
            #expect(refused?.text.contains("disk is full") == true, "\(refused?.text ?? "")")
            let second = Lamp("lamp-2", in: estate)
            let late = try await second.enrol(with: bundle, timeout: 3, sessionLimit: 1)
            #expect(late.code == 3 && late.text.contains("serverFailed"), "\(late.text)")
            let rotation = try await estate.latchkey("key", "rotate", "--device", "lamp-1", "--all")
            #expect(rotation.code == 7, "\(rotation.text)")
            #expect(estate.running?.code == nil && lamp.running?.code == nil)
            try await lamp.agrees(from: 1)

            #expect(unsafe unlink(filler) == 0)
            #expect(try await second.enrol(with: bundle).code == 0)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            try await lamp.agrees(from: 2)
            #expect(try await estate.auditIsIntact())
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

        /// Writes until nothing more fits.
        private func fill(_ path: String) throws {
            let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            guard file >= 0 else { throw Trouble("open \(path): \(errno)") }
            defer { close(file) }
            for size in [65_536, 4096, 1] {
                let zeros = [UInt8](repeating: 0, count: size)
                while unsafe write(file, zeros, size) > 0 {}
            }
            guard errno == ENOSPC else { throw Trouble("write \(path): \(errno)") }
        }
    }
}
