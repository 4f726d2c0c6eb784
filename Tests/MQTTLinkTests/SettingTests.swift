import MQTTLink
import Secrets
import Testing

@Suite struct SettingTests {
    private func configuration() -> MQTTConfiguration {
        MQTTConfiguration(host: "127.0.0.1", port: 1883, clientID: "a", authorityFile: nil)
    }

    @Test(
        arguments: [
            "an empty host": { $0.host = "" },
            "a NUL in the host": { $0.host = "127.0.0.1\0.evil" },
            "no port": { $0.port = 0 }, "no client id": { $0.clientID = "" },
            "an empty user name": { $0.username = "" },
            "a password for nobody": { $0.password = secret([1]) },
            "a NUL in the password": {
                $0.username = "a"
                $0.password = secret([65, 0, 66])
            },
            "a keep-alive that is no time": { $0.keepAlive = .zero },
            "a keep-alive beyond MQTT": { $0.keepAlive = .seconds(65_536) },
            "no room for messages": { $0.inboxCapacity = 0 },
            "no room to send": { $0.outboxCapacity = 0 },
            "no payload": { $0.maximumPayload = 0 },
            "a payload beyond any need": { $0.maximumPayload = 1 << 21 },
            "a network without TLS": { $0.host = "192.0.2.1" },
            "a name without TLS": { $0.host = "localhost" },
        ] as [String: @Sendable (inout MQTTConfiguration) -> Void]
    )
    func `a setting that can't work is refused at once`(
        name: String,
        change: @Sendable (inout MQTTConfiguration) -> Void
    ) {
        var configuration = configuration()
        change(&configuration)
        let error = #expect(throws: MQTTError.self) { try MQTTConnection(configuration) }
        #expect(error?.code == .badSetting)
    }

    @Test(arguments: ["", "a/+/b", "#", "a/#", "a\0b", String(repeating: "a", count: 1025)])
    func `a topic that can't be published to is refused`(topic: String) async throws {
        let connection = try MQTTConnection(configuration())
        let error = #expect(throws: MQTTError.self) {
            try connection.send(MQTTPublication(topic: topic, payload: []))
        }
        #expect(error?.code == .badTopic)
    }

    @Test(arguments: ["", "a+", "+a/b", "a/#/b", "a#", "a\0", String(repeating: "a", count: 1025)])
    func `a filter that MQTT does not know is refused`(filter: String) async throws {
        let connection = try MQTTConnection(configuration())
        let error = await #expect(throws: MQTTError.self) {
            try await connection.subscribe(to: [filter])
        }
        #expect(error?.code == .badTopic)
    }

    @Test func `a password is not shown`() {
        #expect(!"\(secret(Array("hunter2".utf8)))".contains("hunter2"))
        var configuration = configuration()
        configuration.username = "a"
        configuration.password = secret(Array("hunter2".utf8))
        var text = ""
        dump(configuration, to: &text)
        #expect(!text.contains("hunter2"))
    }

    @Test func `a pause doubles its reach up to the limit and starts again`() {
        var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(10), randomBits: { .max })
        let pauses = (0..<6).map { _ in (backoff.next() / .milliseconds(1)).rounded() }
        #expect(pauses == [2000, 3000, 5000, 9000, 10_000, 10_000])
        backoff.reset()
        #expect((backoff.next() / .milliseconds(1)).rounded() == 2000)
    }

    @Test func `a pause is never shorter than its minimum nor longer than its maximum`() {
        var backoff = Backoff(minimum: .seconds(1), maximum: .seconds(120))
        for _ in 0..<200 { #expect((.seconds(1) ... .seconds(120)).contains(backoff.next())) }
    }
}

private func secret(_ bytes: [UInt8]) -> MQTTPassword {
    var bytes = bytes
    return MQTTPassword(Secret(taking: &bytes))
}
