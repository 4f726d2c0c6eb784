internal import Foundation
internal import Glibc
internal import Synchronization

/// A device: a state folder, and the agent that works on it.
package final class Lamp: Sendable {
    package let name: String
    package let estate: Estate
    private let agent = Mutex<Program?>(nil)
    /// The newest epoch seen in use, for each key and side: none may ever go back.
    private let seen = Mutex<[String: Int]>([:])

    private let disk: SmallDisk?
    package var state: String { "\(disk?.path ?? estate.path)/\(name)" }
    package var log: String { contents("\(estate.path)/\(name).log") }
    package var running: Program? { agent.withLock { $0 } }

    /// A device whose folder is on the estate's common disk, or on a small one.
    package init(_ name: String, in estate: Estate, on disk: SmallDisk? = nil) {
        self.disk = disk
        self.name = name
        self.estate = estate
    }

    deinit { agent.withLock { $0 }?.stop(SIGKILL) }

    /// Runs a command of the agent to its end.
    package func command(
        _ words: String...,
        within limit: Duration = .seconds(90)
    ) async throws -> Outcome {
        try await estate.run(
            "latchkey-agent",
            words + ["--state", state],
            within: limit,
            on: disk
        )
    }

    /// Enrols by the command.
    package func enrol(
        with bundle: String,
        name: String? = nil,
        timeout: Int = 60,
        sessionLimit: Int = 5
    ) async throws -> Outcome {
        try await command(
            "enrol",
            "--bundle",
            bundle,
            "--name",
            name ?? self.name,
            "--timeout",
            "\(timeout)",
            "--session-limit",
            "\(sessionLimit)"
        )
    }

    /// Sets the state folder up and sends nothing: `start` goes on from there.
    package func prepare(with bundle: String) async throws {
        let outcome = try await command("enrol", "--bundle", bundle, "--name", name, "--prepare")
        guard outcome.code == 0 else { throw Trouble(outcome.text) }
    }

    /// Starts the agent.
    package func start(
        contactInterval: Int = 1,
        sessionLimit: Int = 2,
        hook: String? = nil,
        environment: [String: String] = [:],
        under wrapper: [String] = []
    ) throws {
        let program = try Program(
            "latchkey-agent",
            [
                "run", "--state", state, "--contact-interval", "\(contactInterval)",
                "--session-limit", "\(sessionLimit)", "--verbose",
            ] + (hook.map { ["--hook", $0] } ?? []),
            in: estate.path,
            log: "\(estate.path)/\(name).log",
            environment: environment,
            under: (disk?.inside ?? []) + wrapper
        )
        agent.withLock { $0 = program }
    }

    /// Ends the agent by SIGKILL.
    package func kill() {
        agent.withLock { program in
            program?.stop(SIGKILL)
            program = nil
        }
    }

    /// Ends the agent in good order; its exit code.
    package func stop() async throws -> Int32 {
        guard let program = running else { throw Trouble("no agent runs") }
        program.send(SIGTERM)
        let code = try await program.end()
        agent.withLock { $0 = nil }
        return code
    }

    /// Who the device thinks it is.
    package func status() async throws -> AgentStatus {
        try await command("status", "--json").json(AgentStatus.self)
    }

    /// All generations that the device holds; the store must open whatever happened to it.
    package func held() async throws -> [HeldKey] {
        let outcome = try await command("keys", "--json")
        return outcome.code == 5 ? [] : try outcome.json([HeldKey].self)
    }

    /// What the device uses.
    package func primaries() async throws -> Set<Primary> {
        let keys = try await held().filter { $0.state == "primary" }
        guard Set(keys.map(\.name)).count == keys.count else {
            throw Violation("two primaries of one key: \(keys)")
        }
        return try note(
            keys.map { Primary(name: $0.name, epoch: $0.epoch, thumbprint: $0.thumbprint) }
        )
    }

    /// What the server thinks that the device uses.
    package func expected() async throws -> Set<Primary> {
        let keys = try await estate.device(name)?.keys.filter { $0.state == "active" } ?? []
        guard Set(keys.map(\.name)).count == keys.count else {
            throw Violation("two active of one key: \(keys)")
        }
        return try note(
            keys.map { Primary(name: $0.name, epoch: $0.epoch, thumbprint: $0.thumbprint) },
            side: "server"
        )
    }

    /// Waits until both sides use the same keys, `count` of them, each at `epoch` or later.
    package func agrees(
        _ count: Int = 1,
        from epoch: Int,
        within limit: Duration = .seconds(60)
    )
        async throws
    {
        do {
            try await eventually("\(name) and the server agree", within: limit) {
                let here = try await primaries()
                guard here.count == count, here.allSatisfy({ $0.epoch >= epoch }) else {
                    return false
                }
                return try await here == expected()
            }
        } catch {
            throw Trouble(
                "\(error)\ndevice: \(try await held())\nserver: "
                    + "\(String(describing: try await estate.device(name)))\n\(log)\n"
                    + estate.serverLog
            )
        }
    }

    /// Whatever happened: what the device uses, the server accepts.
    package func holdsWhatTheServerAccepts() async throws {
        while true {
            let before = try await primaries()
            let accepted =
                try await estate.device(name)?.keys
                .filter { Self.accepted.contains($0.state) } ?? []
            // A device that runs may have moved on between two looks: then neither says anything.
            guard try await primaries() == before else { continue }
            for key in before {
                guard
                    accepted.contains(where: {
                        $0.epoch == key.epoch && $0.thumbprint == key.thumbprint
                    })
                else { throw Violation("\(name) uses \(key), the server accepts \(accepted)") }
            }
            return
        }
    }

    /// A compromised key counts until its successor is confirmed.
    private static let accepted = ["offered", "active", "superseded", "compromised"]

    private func note(_ keys: [Primary], side: String = "device") throws -> Set<Primary> {
        try seen.withLock { seen in
            for key in keys {
                let slot = "\(side) \(key.name)"
                guard seen[slot, default: 0] <= key.epoch else {
                    throw Violation("\(name): \(slot) went back")
                }
                seen[slot] = key.epoch
            }
        }
        return Set(keys)
    }
}
