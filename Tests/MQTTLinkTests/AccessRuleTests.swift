import BrokerHarness
import MQTTLink
import Testing

private func device(_ name: String, _ leaf: String) -> String {
    "latchkey/1/home/device/\(name)/\(leaf)"
}
private func enrol(_ name: String, _ leaf: String) -> String {
    "latchkey/1/home/enrol/\(name)/\(leaf)"
}

/// What `mosquitto.conf` and `mosquitto.acl` promise, tried against a real broker.
@Suite struct AccessRuleTests {
    @Test(
        arguments: [
            (nil, nil), ("lamp-1", "wrong"), ("lamp-1", ""), ("lamp-3", "of-lamp-1"),
            ("@server", "of-lamp-1"),
            ("", "of-lamp-1"),
        ] as [(String?, String?)]
    )
    func `nobody comes in without an account and its password`(
        account: String?,
        password: String?
    )
        async throws
    {
        let fixture = try await Fixture(.plain)
        guard account != "" else {
            #expect(throws: MQTTError.self) {
                try MQTTConnection(fixture.configuration("", password: password))
            }
            return
        }
        let stranger = try MQTTConnection(fixture.configuration(account, password: password))
        try stranger.start()
        let error = await #expect(throws: MQTTError.self) {
            try await stranger.waitUntilConnected(within: .seconds(30))
        }
        #expect(error?.code == .notAuthorised)
        let event = await stranger.event { _ in true }
        guard case .refused = event else {
            Issue.record("want a refusal, have \(String(describing: event))")
            return
        }
        await stranger.close()
    }

    @Test func `a device publishes on its own up topic and nowhere else`() async throws {
        let fixture = try await Fixture(.plain)
        let lamp = try await fixture.connect("lamp-1", clientID: "lamp-1-x")
        try await lamp.say("mine", at: device("lamp-1", "up"))
        for topic in [
            device("lamp-1", "down"), device("lamp-1", "nudge"), device("lamp-1", "order"),
            device("lamp-1", "other"), device("lamp-1", "up/more"), device("lamp-2", "up"),
            device("lamp-2", "down"), enrol("0a0b", "up"), enrol("0a0b", "down"), "latchkey/1/home",
            "latchkey/2/home/device/lamp-1/up", "elsewhere", "$SYS/broker/clients/total",
        ] {
            let error = await #expect(throws: MQTTError.self, "\(topic)") {
                try await lamp.say("not mine", at: topic)
            }
            #expect(error?.code == .notAuthorised, "\(topic)")
        }
    }

    @Test func `a device hears what is said to it and nothing else`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1")
        let other = try await fixture.connect("lamp-2")
        for filter in [
            "#", "latchkey/#", "latchkey/1/+/device/+/down", device("lamp-2", "down"),
            device("lamp-2", "up"),
            device("lamp-1", "up"), device("lamp-2", "order"), enrol("+", "up"), enrol("+", "down"),
            "$SYS/#",
        ] {
            // The broker may accept the subscription; what counts is that nothing comes of it.
            try? await lamp.subscribe(to: [filter])
        }
        try await other.say("other up", at: device("lamp-2", "up"))
        try await lamp.say("own up", at: device("lamp-1", "up"))
        try await server.say("other down", at: device("lamp-2", "down"))
        try await server.say("other order", at: device("lamp-2", "order"))
        try await server.say("enrolling", at: enrol("0a0b", "down"))
        for leaf in ["down", "nudge", "order"] {
            try await server.say("own \(leaf)", at: device("lamp-1", leaf))
        }
        // Once for each subscription that covers it.
        var heard: Set<String> = []
        while let words = await lamp.hear(within: .milliseconds(800)) { heard.insert(words) }
        #expect(heard == ["own down", "own nudge", "own order"])
    }

    @Test func `who enrols reaches the topics of his connection identifier and no others`()
        async throws
    {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let newcomer = try await fixture.connect("@enrol", clientID: "0a0b0c0d")
        try await newcomer.subscribe(to: ["latchkey/#", enrol("0a0b0c0d", "down")])
        try await newcomer.say("hello", at: enrol("0a0b0c0d", "up"))
        for topic in [
            enrol("0a0b0c0e", "up"), enrol("0a0b0c0d", "down"), device("lamp-1", "up"),
            device("lamp-1", "down"), device("0a0b0c0d", "up"), device("lamp-1", "order"),
        ] {
            let error = await #expect(throws: MQTTError.self, "\(topic)") {
                try await newcomer.say("not mine", at: topic)
            }
            #expect(error?.code == .notAuthorised, "\(topic)")
        }
        try await server.say("other", at: enrol("0a0b0c0e", "down"))
        try await server.say("device", at: device("lamp-1", "down"))
        try await server.say("end", at: enrol("0a0b0c0d", "down"))
        #expect(await newcomer.hear() == "end")
    }

    @Test(arguments: ["+", "#", "0a/up", "+/up", "lamp-1/up/#"])
    func `a client id with a wildcard reaches nothing`(clientID: String) async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let newcomer = try await fixture.connect("@enrol", clientID: clientID)
        try await newcomer.subscribe(to: ["latchkey/#"])
        try await server.say("secret", at: enrol("0a", "down"))
        try await server.say("secret", at: device("lamp-1", "down"))
        #expect(await newcomer.hear(within: .milliseconds(100)) == nil)
        let error = await #expect(throws: MQTTError.self) {
            try await newcomer.say("x", at: enrol("0a", "up"))
        }
        #expect(error?.code == .notAuthorised)
    }

    @Test func `the server speaks down and listens up, not the other way round`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        for topic in [device("lamp-1", "up"), enrol("0a", "up"), "latchkey/1/home/elsewhere"] {
            let error = await #expect(throws: MQTTError.self, "\(topic)") {
                try await server.say("as if", at: topic)
            }
            #expect(error?.code == .notAuthorised)
        }
        let event = await server.event { if case .publicationRefused = $0 { true } else { false } }
        #expect(event == nil, "an error that was thrown is not an event as well")
    }

    @Test func `a refusal of what was sent without waiting is an event`() async throws {
        let fixture = try await Fixture(.plain)
        let lamp = try await fixture.connect("lamp-1")
        try lamp.send(MQTTPublication(topic: device("lamp-2", "up"), payload: []))
        let event = await lamp.event { $0 != .connected }
        guard case .publicationRefused(device("lamp-2", "up"), let error) = event else {
            Issue.record("\(String(describing: event))")
            return
        }
        #expect(error.code == .notAuthorised)
    }

    @Test func `an account that is taken away is thrown out and stays out`() async throws {
        let fixture = try await Fixture()
        let lamp = try await fixture.connect("lamp-1")
        let other = try await fixture.connect("lamp-2")
        try await fixture.broker.setAccounts(Fixture.accounts.filter { $0.name != "lamp-1" })
        try await fixture.broker.reload()
        let event = await lamp.event { if case .refused = $0 { true } else { false } }
        #expect(event != nil)
        #expect(!lamp.isConnected && other.isConnected)
        try await other.say("still here", at: device("lamp-2", "up"))
        await lamp.close()
        await other.close()
    }

    @Test func `an account that is added counts after a reload`() async throws {
        let fixture = try await Fixture(.plain)
        try await fixture.broker.setAccounts(
            Fixture.accounts + [.init("lamp-3", password: "of-lamp-3")]
        )
        try await fixture.broker.reload()
        let lamp = try await fixture.connect("lamp-3", password: "of-lamp-3")
        try await lamp.say("hello", at: device("lamp-3", "up"))
        await lamp.close()
    }

    // SHA-512 of password and salt, and PBKDF2 with it: lines that others wrote, for "of-lamp-9".
    @Test(arguments: [
        "$6$AAECAwQFBgcICQoL$5j+8aB4PJrHRW1elRsedoC/KOw+ilQA1Fr89HtwTwgrJfX/pFZ"
            + "CZTerOUBRCHKLdbzTtTFuzbA5j01OmBni7/g==",
        "$7$101$AAECAwQFBgcICQoL$4b1CzchEp1jfQ6YFex3BTi8s3u6uISG7M6knvzyqXWoPlD"
            + "kCUrq/XGJX2z0qkijRr54L4H5r/wK3l3gXAB3Njg==",
    ])
    func `both kinds of password lines are understood`(hash: String) async throws {
        let fixture = try await Fixture(.plain)
        try fixture.broker.setPasswordLines(["lamp-9:\(hash)"])
        try await fixture.broker.reload()
        let lamp = try await fixture.connect("lamp-9", password: "of-lamp-9")
        try await lamp.say("hello", at: device("lamp-9", "up"))
        await lamp.close()
    }
}
