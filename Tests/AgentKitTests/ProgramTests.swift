import BrokerHarness
import Glibc
import KeyExchange
import Secrets
import Testing

@Suite struct ProgramTests {
    @Test func `a device lives its life through a real broker`() async throws {
        let estate = try await Estate()
        await estate.server.desire(payload, 1, 1)
        let enrolled = await estate.agent(
            "enrol",
            "--bundle",
            estate.bundleFile,
            "--name",
            lamp.description
        )
        #expect(enrolled.code == 0)
        #expect(enrolled.text.contains("enrolled as lamp-1 in fleet meadow, 1 keys"))
        let again = await estate.agent("enrol", "--bundle", estate.bundleFile)
        #expect(again.code == 0 && again.text.hasPrefix("already enrolled as lamp-1"))

        let agent = estate.startAgent()
        #expect(await eventually { await estate.server.reports.count == 2 })
        let second = await estate.agent("run")
        #expect(second.code == 6 && second.text.contains("another latchkey-agent"))
        let busy = await estate.agent("enrol", "--bundle", estate.bundleFile)
        #expect(busy.code == 0)
        await estate.server.desire(payload, 2, 2)
        try estate.nudge()
        #expect(await eventually { await estate.server.settled == ["payload 1", "payload 2"] })
        let first = Thumbprint(of: material(1, count: 32).secret, crypto: crypto)
        let newer = Thumbprint(of: material(2, count: 32).secret, crypto: crypto)
        let expected = #"""
            [{"name":"payload","epoch":1,"state":"grace","algorithm":"aes-256","use":"both",\#
            "thumbprint":"\#(first)"},\#
            {"name":"payload","epoch":2,"state":"primary","algorithm":"aes-256","use":"both",\#
            "thumbprint":"\#(newer)"}]

            """#
        #expect(await eventually { await estate.agent("keys", "--json").text == expected })
        #expect(await estate.agent("status").text.contains("agent       running"))
        agent.end(SIGTERM)
        let ended = await agent.wait()
        #expect(ended == 0, "\(agent.text)")
        #expect(await estate.agent("status", "--json").text.contains(#""running":false"#))

        try await estate.server.retire(.device, counter: 1)
        let retired = await estate.agent("run")
        #expect(retired.code == 10 && retired.text.contains("wipe --yes"))
        #expect(await estate.server.receipt?.destroyed.map(\.thumbprint) == [first, newer])
        #expect(await estate.agent("run").code == 10)
        #expect(await estate.agent("enrol", "--bundle", estate.bundleFile).code == 10)
        #expect(await estate.agent("wipe").code == 64)
        #expect(await estate.agent("wipe", "--yes").code == 0)
        #expect(await estate.agent("status").code == 5)
        await estate.close()
    }

    @Test func `kill -9 at any time, and the keys agree in the end`() async throws {
        let estate = try await Estate()
        await estate.server.desire(payload, 1, 1)
        for delay in stride(from: 5, through: 125, by: 15) {
            let agent = Program(
                [
                    "enrol", "--bundle", estate.bundleFile, "--name", "lamp-1", "--state",
                    estate.state,
                ],
                in: estate.folder.path
            )
            try await Task.sleep(for: .milliseconds(delay))
            agent.end(SIGKILL)
            _ = await agent.wait()
        }
        #expect(
            await estate.agent("enrol", "--bundle", estate.bundleFile, "--name", "lamp-1").code == 0
        )
        for number in 2...6 {
            await estate.server.desire(payload, UInt32(number), UInt8(number), grace: 0)
            let agent = estate.startAgent()
            try await Task.sleep(for: .milliseconds(number * 20))
            agent.end(SIGKILL)
            _ = await agent.wait()
        }
        let agent = estate.startAgent()
        let newest = Thumbprint(of: material(6, count: 32).secret, crypto: crypto).description
        #expect(
            await eventually {
                let keys = await estate.agent("keys").text
                return keys.contains("payload  6      primary  aes-256    both  \(newest)")
            }
        )
        #expect(await estate.server.devices.count == 1)
        agent.end(SIGINT)
        #expect(await agent.wait() == 0)
        await estate.close()
    }

    @Test func `a hook refuses the first key, and takes it when it changes its mind`() async throws
    {
        let estate = try await Estate()
        await estate.server.desire(payload, 1, 1)
        let script = Script("[ -e NOTE ]")
        let enrolled = await estate.agent(
            "enrol",
            "--bundle",
            estate.bundleFile,
            "--name",
            "lamp-1",
            "--hook",
            script.path
        )
        #expect(enrolled.code == 0 && enrolled.text.contains("0 keys"))
        #expect(enrolled.text.contains("the hook does not take a key"))
        #expect(await estate.server.failures == [.hookFailed])
        close(unsafe open(script.note, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        let agent = Program(
            ["run", "--state", estate.state, "--hook", script.path, "--hook-timeout", "60"],
            in: estate.folder.path
        )
        #expect(await eventually { await estate.server.settled == ["payload 1"] })
        agent.end(SIGTERM)
        #expect(await agent.wait() == 0)
        await estate.close()
        withExtendedLifetime(script) {}
    }

    @Test func `a bundle without a token gives the line to import`() async throws {
        let estate = try await Estate(token: false)
        let prepared = await estate.agent(
            "enrol",
            "--bundle",
            estate.bundleFile,
            "--name",
            "lamp-1",
            "--prepare"
        )
        #expect(
            prepared.code == 0 && prepared.text.hasPrefix("name,group,public_key\nlamp-1,lamps,")
        )
        await estate.server.refuse(Problem(.unknownDevice))
        let refused = await estate.agent("enrol", "--bundle", estate.bundleFile)
        #expect(refused.code == 2 && refused.text.contains(prepared.text))
        await estate.server.refuse(nil)
        #expect(await estate.agent("enrol", "--bundle", estate.bundleFile).code == 0)
        await estate.close()
    }

    @Test func `a refusal says what to do`() async throws {
        let estate = try await Estate()
        await estate.server.refuse(Problem(.nameTaken))
        let (code, text) = await estate.agent(
            "enrol",
            "--bundle",
            estate.bundleFile,
            "--name",
            "lamp-1"
        )
        #expect(code == 2 && text.contains(ProblemCode.nameTaken.advice))
        await estate.close()
    }

    @Test func `no answer is said in time`() async throws {
        let estate = try await Estate()
        await estate.close()
        let (code, text) = await estate.agent(
            "enrol",
            "--bundle",
            estate.bundleFile,
            "--name",
            "lamp-1",
            "--timeout",
            "1"
        )
        #expect(code == 3 && text.contains("not enrolled yet"))
    }

    @Test func `another fleet's bundle is refused once enrolled`() async throws {
        let estate = try await Estate()
        _ = await estate.agent("enrol", "--bundle", estate.bundleFile, "--name", "lamp-1")
        let other = Bundle(
            fleet: FleetID(checked: "valley"),
            group: estate.bundle.group,
            broker: estate.bundle.broker,
            enrolPassword: estate.bundle.enrolPassword,
            server: estate.bundle.server,
            token: estate.bundle.token,
            expires: nil
        )
        try estate.write(other, to: estate.bundleFile)
        let (code, text) = await estate.agent("enrol", "--bundle", estate.bundleFile)
        #expect(code == 2 && text.contains("belongs to fleet meadow, the bundle is for valley"))
        await estate.close()
    }
}

@Suite struct ArgumentTests {
    let scratch = Scratch()

    @Test(arguments: [
        ([], "want a command"), (["frobnicate"], "no command"), (["enrol"], "needs --bundle"),
        (["enrol", "--bundle"], "needs a value"), (["run", "--fast"], "does not know --fast"),
        (["enrol", "--bundle", "a", "--bundle", "b"], "given twice"),
        (["run", "--contact-interval", "0"], "want a whole number from 1"),
        (["run", "--contact-interval=six"], "want a whole number from 1"),
        (["run", "--nudge-delay", "-1"], "want a whole number from 0"),
        (["enrol", "--bundle", "a", "--timeout", "99999999999999999999"], "want a whole number"),
        (["run", "--hook", "bin/check"], "want an absolute path"),
        (["run", "--hook-timeout", "0"], "want a whole number from 1"),
        (["enrol", "--bundle", "a", "--hook-timeout", "301"], "want a whole number from 1"),
        (["status", "--state", ""], "want the name of a folder"),
        (["keys", "extra"], "does not know"),
        (["status", "--json=yes"], "does not know"), (["wipe"], "say --yes"),
    ])
    func `wrong arguments end with 64 and the reason`(words: [String], reason: String) async {
        let (code, text) = await Program.run(words, in: scratch.path)
        #expect(code == 64 && text.contains(reason))
    }

    @Test(arguments: [
        (["enrol", "--bundle", "/nonexistent"], CInt(7), "cannot read /nonexistent"),
        (["enrol", "--bundle", "/dev/zero"], 7, "/dev/zero: want a bundle of at most"),
        (["enrol", "--bundle", "/etc/hostname"], 7, "this is not a bundle"),
        (["run", "--state", "/nonexistent"], 5, "latchkey-agent enrol --bundle"),
        (["status", "--state", "/nonexistent"], 5, "latchkey-agent enrol --bundle"),
        (["keys", "--state", "/etc"], 4, "others may enter /etc"),
        (["status", "--state", "/etc/hostname"], 4, "cannot open the folder"),
    ])
    func `what can't be used is named`(words: [String], code: CInt, reason: String) async {
        let result = await Program.run(words, in: scratch.path)
        #expect(result.code == code && result.text.contains(reason))
    }

    @Test(arguments: [
        "--help", "enrol --help", "run --help", "status --help", "keys --help", "wipe --help",
    ])
    func `help teaches and ends with 0`(words: String) async {
        let (code, text) = await Program.run(
            words.split(separator: " ").map(String.init),
            in: scratch.path
        )
        #expect(code == 0 && text.contains("EXIT CODES") && text.contains("USAGE"))
    }

    @Test func `the version is one line`() async {
        let (code, text) = await Program.run(["--version"], in: scratch.path)
        #expect(code == 0 && text.hasPrefix("latchkey-agent ") && text.hasSuffix("\n"))
    }
}
