import EstateHarness
import BrokerHarness
import Foundation
import Glibc
import KeyExchange
import Testing

extension SystemTests {
    @Suite struct EndingTests {
        @Test func `asked to end, both do so within six seconds and leave nothing behind`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: try await estate.makeLamps()).code == 0)
            try lamp.start()
            try await lamp.agrees(from: 1)
            try await estate.admin("key", "rotate", "--device", "lamp-1", "--all")
            let began = ContinuousClock.now
            #expect(try await estate.stopServer() == 0, "\(estate.serverLog)")
            #expect(try await lamp.stop() == 0)
            #expect(ContinuousClock.now - began < .seconds(6))
            let left =
                try FileManager.default.contentsOfDirectory(atPath: estate.data)
                + FileManager.default.contentsOfDirectory(atPath: lamp.state)
            #expect(!left.contains("admin.sock"))
            #expect(!left.contains { $0.hasSuffix(".new") || $0.hasSuffix(".tmp") }, "\(left)")
            try await estate.start()
            try lamp.start()
            try await lamp.agrees(from: 2)
        }

        @Test func `no secret is where others look, and nobody reads a program's memory`()
            async throws
        {
            let estate = try await Estate()
            try estate.configure { $0.replacing("# level = \"info\"", with: "level = \"trace\"") }
            try await estate.start(under: Self.unprivileged)
            let file = try await estate.makeLamps()
            let lamp = Lamp("lamp-1", in: estate)
            #expect(try await lamp.enrol(with: file).code == 0)
            try lamp.start(under: Self.unprivileged)
            try await lamp.agrees(from: 1)
            guard let server = estate.running?.identifier, let agent = lamp.running?.identifier
            else { throw Trouble("nothing runs") }

            let bundle = try EnrolmentBundle(file: file)
            var secrets = [Array(contents("\(estate.data)/broker-password").utf8)]
            secrets += try [Array(Data(contentsOf: URL(fileURLWithPath: estate.rootKey)))]
            secrets.append(bundle.enrolPassword.secret.copy)
            if let token = bundle.token { secrets.append(token.secret.secret.copy) }
            #expect(secrets.count == 4 && secrets.allSatisfy { $0.count >= 16 })
            var places = [
                "\(estate.path)/server.log", "\(estate.path)/lamp-1.log",
                "\(estate.broker.folder)/broker.log", "\(estate.broker.folder)/passwords",
                "\(estate.database)", "\(estate.database)-wal",
            ]
            for process in [server, agent] {
                places += ["/proc/\(process)/cmdline", "/proc/\(process)/environ"]
            }
            for file in try FileManager.default.subpathsOfDirectory(atPath: lamp.state) {
                places.append("\(lamp.state)/\(file)")
            }
            for place in places {
                let bytes = everything(in: place)
                for (index, secret) in secrets.enumerated() {
                    // As it is, in hexadecimal, and in Base64 as far as it does not depend on its place.
                    let forms = [
                        Data(secret), Data(hexadecimal(secret).utf8),
                        Data(secret.prefix(secret.count / 3 * 3)).base64EncodedData(),
                    ]
                    for form in forms {
                        #expect(bytes.range(of: form) == nil, "secret \(index) is in \(place)")
                    }
                }
            }
            for process in [server, agent] {
                #expect(try isHidden(process, in: estate))
                #expect(contents("/proc/\(process)/status").contains("CoreDumping:\t0"))
            }
            // The question is a good one: of a process that does not care it has an answer.
            let careless = try Subprocess(
                (Self.unprivileged + ["/bin/sleep"])[0],
                Array((Self.unprivileged + ["/bin/sleep", "30"]).dropFirst()),
                in: estate.path,
                output: "\(estate.path)/careless"
            )
            defer { kill(careless.identifier, SIGKILL) }
            try await Task.sleep(for: .milliseconds(200))
            #expect(try !isHidden(careless.identifier, in: estate))
        }

        /// Whether a process with no more rights than itself may not look into a process.
        private func isHidden(_ process: pid_t, in estate: Estate) throws -> Bool {
            let words = Self.unprivileged + ["/usr/bin/head", "-c", "1", "/proc/\(process)/mem"]
            let output = "\(estate.path)/mem-\(process)"
            let code = try Prober.run(words, output: output, in: estate.path)
            return code != 0 && contents(output).contains("Permission denied")
        }

        /// Root may look everywhere; both sides of this question go without that right.
        private static let unprivileged =
            geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set", "-sys_ptrace"] : []
    }
}
