import AdminHarness
import AdminModel
import LatchkeyCLI
import Testing

@Suite struct KeyLifeTests {
    @Test func `labels are written, found and taken away`() async throws {
        try await withHall { latchkey in
            let made = await latchkey("device", "label", "lamp-1", "floor=3", "canary=yes")
            #expect(made.output == "labels changed on 1 device\n")
            #expect(
                await latchkey("device", "list", "--where", "label.floor=3").lines.last?
                    .hasPrefix("lamp-1") == true
            )
            _ = await latchkey("device", "label", "lamp-1", "canary-")
            #expect(latchkey.service.now.devices["lamp-1"]?.labels == ["floor": "3"])
            let many = await latchkey("device", "label", "--where", "group=hall", "floor=2")
            #expect(many.output == "labels changed on 3 devices\n")
        }
    }

    @Test(arguments: [
        [], ["lamp-1"], ["floor=3"], ["canary-"], ["lamp-1", "floor"], ["lamp-1", "floor="],
        ["lamp-1", "=3"], ["lamp-1", "a=1", "a=2"], ["lamp-1", "a=1", "a-"],
        ["lamp-1", "a=1", "--group", "hall"], ["--group", "hall"],
        ["--group", "hall", "--where", "group=hall", "a=1"],
    ])
    func `a label that can't be understood is wrong usage`(words: [String]) async throws {
        try await withHall { latchkey in
            let outcome = await run(["device", "label"] + words + ["--socket", latchkey.path])
            #expect(outcome.status == .usage)
            #expect(latchkey.service.now.audit.isEmpty)
        }
    }

    @Test func `a typo in a query is shown with its place`() async throws {
        try await withHall { latchkey in
            let outcome = await latchkey("device", "list", "--where", "group=hall and flor=3")
            #expect(outcome.status == .refused)
            let lines = outcome.error.split(separator: "\n")
            #expect(lines.first?.contains("column 16: ") == true)
            #expect(lines.suffix(2) == ["  group=hall and flor=3", "                 ^"])
        }
    }

    @Test func `a key is suspended, resumed and replaced`() async throws {
        try await withHall { latchkey in
            func state() -> String? { latchkey.service.now.devices["lamp-1"]?.keys.first?.state }
            let target = ["--device", "lamp-1", "--key", "data"]
            let suspended = await latchkey(["key", "suspend"] + target)
            #expect(suspended.output == "1 key suspended: not accepted from now on\n")
            #expect(state() == "suspended")
            let shown = await latchkey("device", "show", "lamp-1")
            #expect(shown.error.contains("data epoch 1 is suspended"))
            #expect(await latchkey(["key", "suspend"] + target).status == .conflict)
            #expect(await latchkey(["key", "resume"] + target).status == .done)
            #expect(state() == "active")
            // One device that is named needs no question.
            #expect(await latchkey(["key", "compromise"] + target).status == .done)
            #expect(state() == "compromised")
            let status = await latchkey("status")
            #expect(status.output.contains("1 compromised and not replaced yet"))
        }
    }

    @Test func `waiting shows how many keys that others may know have a successor`() async throws {
        try await withHall { latchkey in
            let words = ["key", "compromise", "--key", "data", "--yes", "--wait", "30"]
            let all = await latchkey(words + ["--group", "hall"])
            #expect(all.status == .done && all.error.contains("0/3 settled, 3 waiting"))
            #expect(all.lines.last == "3 of 3 keys settled")
            let one = await latchkey(words + ["--device", "lamp-1", "--json"])
            #expect(one.status == .done && one.output.contains("\"settled\" : 1"))
            #expect(await latchkey(words.dropLast() + ["0", "--group", "hall"]).status == .usage)
            // In quarantine nobody gets a successor.
            latchkey.service.stage { $0.devices["lamp-2"]?.device.state = "quarantined" }
            let rest = await latchkey(words + ["--group", "hall"])
            #expect(
                rest.status == .notSettled && rest.error.contains("1 key of devices that get none")
            )
        }
    }

    @Test(arguments: ["compromise", "retire"])
    func `what touches many devices is asked first, with their number`(verb: String) async throws {
        try await withHall { latchkey in
            let words = ["key", verb, "--group", "hall", "--key", "data"]
            let mute = await latchkey(words)
            #expect(mute.status == .local)
            #expect(mute.error.contains("3 devices") && mute.error.contains("--yes"))
            let no = await latchkey(words, answer: "no")
            #expect(no.status == .local && no.error.contains("3 devices"))
            #expect(latchkey.service.now.audit.isEmpty)
            #expect(await latchkey(words, answer: "yes").status == .done)
            #expect(await latchkey(words + ["--yes"]).status == .done)
        }
    }

    @Test func `a key spec is retired for its whole group`() async throws {
        try await withHall { latchkey in
            _ = await latchkey("group", "create", "hall")
            let made = await latchkey(
                "key-spec",
                "create",
                "data",
                "--group",
                "hall",
                "--algorithm",
                "aes-256",
                "--maximum-age",
                "1095d"
            )
            #expect(made.status == .done)
            #expect(latchkey.service.now.specs.map(\.maximumAgeSeconds) == [94_608_000])
            let asked = await latchkey("key-spec", "retire", "data", "--group", "hall")
            #expect(asked.status == .local && asked.error.contains("3 devices"))
            let retired = await latchkey("key-spec", "retire", "data", "--group", "hall", "--yes")
            #expect(retired.output.contains("3 keys destroyed at the next contact"))
            let list = await latchkey("key-spec", "list")
            #expect(list.output.contains("retired 2026-03-01T12:00:00Z"))
        }
    }

    @Test(arguments: [
        ["suspend", "--key", "data"], ["suspend", "--device", "lamp-1"],
        ["suspend", "--device", "a", "--where", "group=hall", "--key", "data"],
        ["compromise", "--group", "a", "--where", "group=hall", "--key", "data"],
        ["compromise", "--device", "a", "--key", "data", "--epoch", "-1"],
        ["compromise", "--device", "a", "--key", "data", "--epoch", "two"],
        ["retire", "lamp-1", "--key", "data"], ["destroy", "--key", "data"],
        ["destroy", "--device", "a", "--key", "data"],
        ["destroy", "--group", "a", "--key", "data", "--epoch", "1"],
    ])
    func `an order without one clear target is wrong usage`(words: [String]) async throws {
        #expect(await run(["key"] + words).status == .usage)
    }

    @Test func `a device is quarantined and let in again`() async throws {
        try await withHall { latchkey in
            let out = await latchkey("device", "quarantine", "lamp-2")
            #expect(out.output == "device lamp-2 is quarantined\n")
            #expect(out.error.contains("device reinstate lamp-2"))
            let rotated = await latchkey("device", "reinstate", "lamp-2")
            #expect(rotated.output == "device lamp-2 is enrolled\n")
            #expect(await latchkey("device", "quarantine", "lamp-9").status == .notFound)
            _ = await latchkey("device", "retire", "lamp-2", "--yes")
            #expect(await latchkey("device", "reinstate", "lamp-2").status == .conflict)
        }
    }

    @Test func `notices say what they mean and where they count`() async throws {
        try await withHall { latchkey in
            #expect(await latchkey("notices").error == "no notices: all is well\n")
            latchkey.service.stage { state in
                state.notices = [
                    Notice(device: "lamp-1", kind: "ahead", firstAt: noon, lastAt: noon)
                ]
            }
            #expect(await latchkey("notices").output.contains("restored from an older copy"))
            #expect(await latchkey("status").output.contains("1 device ahead: "))
            let shown = await latchkey("device", "show", "lamp-1").output
            #expect(shown.contains("notice     ahead since 2026-03-01T12:00:00Z"))
            #expect(await latchkey("notices", "--kind", "cloned").output.isEmpty)
            let dismiss = ["notices", "dismiss", "lamp-1", "--kind", "ahead"]
            #expect(
                await latchkey(dismiss).output == "notice ahead of device lamp-1 is dismissed\n"
            )
            #expect(await latchkey(dismiss).output == "device lamp-1 has no notice ahead\n")
            #expect(await latchkey("notices").error == "no notices: all is well\n")
            let nobody = ["notices", "dismiss", "lamp-99", "--kind", "ahead"]
            #expect(await latchkey(nobody).status == .notFound)
            #expect(await latchkey("notices", "dismiss", "lamp-1").status == .usage)
            #expect(await latchkey("notices", "dismiss", "", "--kind", "ahead").status == .usage)
        }
    }

    @Test func `the policy is shown and changed`() async throws {
        try await withHall { latchkey in
            let text = await latchkey("policy", "show").output
            #expect(text.contains("cloneResponse   quarantine  quarantine  report or quarantine"))
            let set = await latchkey("policy", "set", "cloneResponse", "report")
            #expect(set.lines.last?.hasPrefix("cloneResponse  report") == true)
            #expect(await latchkey("policy", "set", "cloneResponse", "shout").status == .refused)
            #expect(await latchkey("policy", "set", "colour", "red").status == .notFound)
        }
    }

    @Test func `the anchor is renewed when the fleet trusts the next one`() async throws {
        try await withHall { latchkey in
            #expect(await latchkey("anchor", "switch", "--yes").status == .conflict)
            // There is nothing to agree to.
            #expect(await latchkey("anchor", "switch").status == .conflict)
            #expect(await latchkey("anchor", "announce").output == "anchor 2 is announced\n")
            #expect(await latchkey("anchor", "announce").status == .conflict)
            #expect(await latchkey("anchor", "stragglers").lines.count == 4)
            let early = await latchkey("anchor", "switch", "--yes")
            #expect(early.status == .conflict && early.error.contains("0 of 3 devices"))
            let wrong = await latchkey("anchor", "switch", "--yes", "--stranding", "2")
            #expect(wrong.status == .conflict && wrong.error.contains("3 would have to enrol"))
            latchkey.service.stage { state in
                for id in state.devices.keys { state.devices[id]?.anchor = 2 }
            }
            #expect(await latchkey("anchor", "switch").status == .local)
            let list = await latchkey("anchor", "list")
            #expect(list.output.contains("3 of 3") && list.error.contains("100%"))
            #expect(await latchkey("anchor", "switch", answer: "yes").status == .done)
            #expect(await latchkey("anchor", "stragglers").error.hasPrefix("none:"))
        }
    }
}

/// Three lamps in a hall, each with one key in use.
func withHall(_ story: (Shell) async throws -> Void) async throws {
    try await withShell { latchkey in
        latchkey.service.stage { state in
            for number in 1...3 {
                let key = DeviceKey(
                    name: "data",
                    epoch: 1,
                    state: "active",
                    algorithm: "aes-256",
                    thumbprint: "00"
                )
                state.add("lamp-\(number)", group: "hall", in: "enrolled", keys: [key])
            }
        }
        try await story(latchkey)
    }
}
