import AgentKit
import BrokerHarness
import Glibc
import KeyExchange
import KeyStore
import Testing

/// A program in a folder of its own, for the agent to run over new keys.
final class Script: Sendable {
    let scratch = Scratch()
    var path: String { scratch.path + "/hook" }
    var note: String { scratch.path + "/note" }

    init(_ text: String, mode: mode_t = 0o700) {
        let text = "#!/bin/sh\n" + text.replacing("NOTE", with: scratch.path + "/note") + "\n"
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode)
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { unsafe _ = write(file, $0.baseAddress, $0.count) }
        fchmod(file, mode)
        close(file)
    }

    /// What the program has written to `NOTE`; nil when it has written nothing.
    var noted: String? {
        let file = unsafe open(note, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(file, $0.baseAddress, $0.count)
        }
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    func hook(timeout: Duration = .seconds(60)) -> Hook { Hook(path, timeout: timeout) }
}

@Suite struct HookTests {
    let world: World
    let device: Device

    init() throws {
        world = try World()
        device = Device(world)
    }

    /// The lamp with `payload` 1 in use; then the server wants 2, with this hook on the device.
    private func rotate(
        _ script: Script,
        timings: Timings = quick(),
        timeout: Duration = .seconds(60),
        _ body: @escaping (KeyStore, Agent) async throws -> Void
    ) async throws {
        await world.server.desire(payload, 1, 1)
        _ = try await device.enrol()
        await world.server.desire(payload, 2, 2)
        (device.hook, device.timings) = (script.hook(timeout: timeout), timings)
        try await device.run(.end, body)
        withExtendedLifetime(script) {}
    }

    @Test func `a hook that takes the key lets it into use`() async throws {
        let script = Script("exit 0")
        try await rotate(script) { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 grace", "payload 2 primary"] })
        }
    }

    @Test func `it gets name, epoch and algorithm, the key on its input, and nothing else`()
        async throws
    {
        let script = Script(
            """
            { echo "$@"; od -An -v -tx1 | tr -d ' \\n'; echo; ls /proc/self/fd | tr '\\n' ' '; echo
            /usr/bin/env | grep -v -e '^_=' -e '^PWD=' -e '^SHLVL=' -e '^OLDPWD=' | sort
            pwd; cut -d' ' -f5 /proc/$$/stat; echo $$; } > NOTE.part
            mv NOTE.part NOTE
            """
        )
        // One that would be inherited, of a number that the script's own commands do not have.
        let first = unsafe open("/dev/null", O_RDONLY)
        let leaky = fcntl(first, F_DUPFD, 200)
        close(first)
        defer { close(leaky) }
        try await rotate(script) { store, _ in
            #expect(await eventually { lines(store).contains("payload 2 primary") })
        }
        var noted = (script.noted ?? "").split(separator: "\n").map(String.init)
        // By this what it has started is found at its end.
        let mark = try #require(noted.firstIndex { $0.hasPrefix("LATCHKEY_HOOK_RUN=") })
        noted.remove(at: mark)
        try #require(noted.count == 8, "\(noted)")
        #expect(noted[0] == "payload 2 aes-256")
        #expect(noted[1] == String(repeating: "02", count: 32))
        #expect(!noted[2].split(separator: " ").contains("\(leaky)"), "\(noted[2])")
        #expect(Array(noted[3...5]) == ["LANG=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "/"])
        #expect(noted[6] == noted[7], "a process group of its own")
    }

    @Test(arguments: [
        ("exit 1", "exit code 1"), ("exit 77", "exit code 77"), ("kill -SEGV $$", "by signal 11"),
        ("cat; exit 3", "exit code 3"),
    ])
    func `a hook that refuses leaves the device on the old epoch, and the server hears of it`(
        script: String,
        reason: String
    ) async throws {
        let script = Script(script)
        try await rotate(script) { store, _ in
            #expect(await eventually { await world.server.failures.contains(.hookFailed) })
            #expect(lines(store) == ["payload 1 primary"])
        }
        #expect(device.log.count(reason) >= 1)
        #expect(lines(try device.open()) == ["payload 1 primary"])
    }

    @Test func `a hook that hangs is ended with all that it has started`() async throws {
        let script = Script("sleep 1000 & echo $! > NOTE.part; mv NOTE.part NOTE; sleep 1000")
        try await rotate(script, timeout: .seconds(2)) { store, _ in
            #expect(await eventually { await world.server.failures.contains(.hookFailed) })
            #expect(lines(store) == ["payload 1 primary"])
        }
        #expect(device.log.count("no answer in") >= 1)
        let child = try #require(script.noted.flatMap { pid_t($0.dropLast()) })
        #expect(await eventually { kill(child, 0) != 0 || isZombie(child) })
    }

    @Test func `a hook that outlives the server's session is asked once, and its refusal arrives`()
        async throws
    {
        let script = Script("echo run >> NOTE; sleep 1; exit 1")
        // The device waits to the end of its session before it tells the refusal in the next one.
        var timings = quick()
        timings.session = .seconds(2)
        try await rotate(script, timings: timings) { store, _ in
            #expect(await eventually { script.noted != nil })
            await world.server.forgetSessions()
            #expect(await eventually { await world.server.failures.contains(.hookFailed) })
            #expect(lines(store) == ["payload 1 primary"])
            #expect(script.noted == "run\n")
        }
    }

    @Test func `what a hook leaves behind does not outlive it`() async throws {
        let script = Script("sleep 1000 & echo $! > NOTE.part; mv NOTE.part NOTE; exit 0")
        try await rotate(script) { store, _ in
            #expect(await eventually { lines(store).contains("payload 2 primary") })
        }
        let child = try #require(script.noted.flatMap { pid_t($0.dropLast()) })
        #expect(await eventually { kill(child, 0) != 0 || isZombie(child) })
    }

    @Test(arguments: ["exit 0", "exit 1", "sleep 1000"])
    func `what leaves the hook's process group does not outlive the hook`(
        end: String
    ) async throws {
        // One in a session of its own, and one that the same has left behind in yet another.
        let script = Script(
            """
            setsid sh -c 'setsid sleep 1000 & echo $$ $! > NOTE.part; mv NOTE.part NOTE; sleep 1000' &
            while [ ! -e NOTE ]; do sleep 0.02; done
            \(end)
            """
        )
        // It bears no mark, or another run's.
        let bystander = try Subprocess(
            "/bin/sleep",
            ["1000"],
            in: script.scratch.path,
            output: script.scratch.path + "/bystander",
            environment: ["LATCHKEY_HOOK_RUN": "1"]
        )
        defer {
            kill(bystander.identifier, SIGKILL)
            bystander.waitForExit()
        }
        try await rotate(script, timeout: .seconds(end.hasPrefix("exit") ? 60 : 3)) { store, _ in
            let last = end == "exit 0" ? "payload 2 primary" : "payload 1 primary"
            #expect(
                await eventually { device.log.count("hook") >= 1 && lines(store).last == last }
            )
        }
        let left = try #require(script.noted).split(whereSeparator: \.isWhitespace)
            .compactMap { pid_t($0) }
        #expect(left.count == 2)
        for process in left {
            #expect(await eventually { kill(process, 0) != 0 || isZombie(process) }, "\(process)")
        }
        #expect(bystander.exitStatus() == nil)
    }

    @Test func `a hook that is missing or can't be run refuses every key`() async throws {
        let script = Script("exit 0", mode: 0o600)
        for hook in [Hook("/nonexistent/hook"), script.hook(), Hook(script.scratch.path)] {
            let world = try World()
            await world.server.desire(payload, 1, 1)
            let device = Device(world)
            device.hook = hook
            try device.begin()
            try await device.run { store, _ in
                #expect(await eventually { await world.server.failures.contains(.hookFailed) })
                #expect(lines(store).isEmpty)
            }
        }
        withExtendedLifetime(script) {}
    }

    @Test func `the agent hears its broker and its end while the hook thinks`() async throws {
        let script = Script("touch NOTE; sleep 1000")
        try await rotate(script) { _, _ in
            #expect(await eventually { script.noted != nil })
            world.setUp(false)
            #expect(await eventually { device.log.count("no connection to the broker") == 1 })
            world.setUp(true)
            // Returning stops the agent; the hook would think on for a quarter of an hour.
        }
        // Nobody has judged the key: it stays, and is tried again.
        #expect(lines(try device.open()) == ["payload 1 primary", "payload 2 pending"])
        let patient = Script("exit 0")
        device.hook = patient.hook()
        try await device.run { store, _ in
            #expect(await eventually { lines(store).contains("payload 2 primary") })
        }
        withExtendedLifetime(patient) {}
    }

    @Test func `several new keys are tried one by one, and each has its own answer`() async throws {
        let script = Script("[ \"$1\" = signing ] && exit 1; exit 0")
        await world.server.desire(signing, 1, 4)
        await world.server.desire(payload, 1, 1)
        device.hook = script.hook()
        try device.begin()
        try await device.run { store, _ in
            #expect(await eventually { lines(store) == ["payload 1 primary"] })
        }
        #expect(await world.server.failures.contains(.hookFailed))
        withExtendedLifetime(script) {}
    }

    @Test func `a hook that others could exchange is refused`() throws {
        let open = Script("exit 0", mode: 0o722)
        #expect(throws: HookError.self) { try open.hook().check() }
        let inOpenFolder = Script("exit 0")
        unsafe chmod(inOpenFolder.scratch.path, 0o777)
        #expect(throws: HookError.self) { try inOpenFolder.hook().check() }
        unsafe chmod(inOpenFolder.scratch.path, 0o700)
        #expect(throws: Never.self) { try inOpenFolder.hook().check() }
        #expect(throws: HookError.self) { try Hook("hook").check() }
        #expect(throws: HookError.self) { try Hook("").check() }
        let link = open.scratch.path + "/link"
        unsafe symlink(inOpenFolder.path, link)
        #expect(throws: Never.self) { try Hook(link).check() }
        unsafe chmod(open.scratch.path, 0o777)
        #expect(throws: HookError.self) { try Hook(link).check() }
        unsafe chmod(open.scratch.path, 0o700)
    }
}

private func isZombie(_ identifier: pid_t) -> Bool {
    let file = unsafe open("/proc/\(identifier)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return true }
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).contains(") Z ")
}
