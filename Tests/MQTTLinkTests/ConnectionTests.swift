import BrokerHarness
import MQTTLink
import Testing

private let up = "latchkey/1/home/device/lamp-1/up"
private let down = "latchkey/1/home/device/lamp-1/down"

@Suite struct ConnectionTests {
    @Test func `a request and its answer cross a TLS broker`() async throws {
        let fixture = try await Fixture()
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1")
        try await server.subscribe(to: ["latchkey/1/+/device/+/up"])
        try await lamp.subscribe(to: [down])
        try await lamp.publish(
            MQTTPublication(
                topic: up,
                payload: [0, 1, 255],
                responseTopic: down,
                correlation: [7]
            )
        )
        let request = try #require(await firstValue(of: server.messages, within: .seconds(30)))
        #expect(request.topic == up && request.payload == [0, 1, 255] && !request.isRetained)
        #expect(request.responseTopic == down && request.correlation == [7])
        try await server.say("yes", at: down)
        #expect(await lamp.hear() == "yes")
        #expect(lamp.counters.acknowledged == 1 && lamp.counters.received == 1)
        await lamp.close()
        await server.close()
    }

    @Test func `an empty payload is a message too`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1")
        try await server.subscribe(to: [up])
        try await lamp.publish(MQTTPublication(topic: up, payload: []))
        #expect(await server.hear() == "")
    }

    @Test func `a message that the broker kept says so`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let order = "latchkey/1/home/device/lamp-1/order"
        try await server.publish(MQTTPublication(topic: order, payload: [1], isRetained: true))
        let lamp = try await fixture.connect("lamp-1")
        try await lamp.subscribe(to: [order])
        let message = try #require(await firstValue(of: lamp.messages, within: .seconds(30)))
        #expect(message.isRetained)
    }

    @Test func `a broker under another authority is refused`() async throws {
        let fixture = try await Fixture()
        let other = try await Fixture()
        var configuration = fixture.configuration("lamp-1")
        configuration.authorityFile = other.broker.authorityFile
        let lamp = try MQTTConnection(configuration)
        try lamp.start()
        let error = await #expect(throws: MQTTError.self) {
            try await lamp.waitUntilConnected(within: .seconds(3))
        }
        #expect(error?.code == .tlsFailed)
        #expect(!lamp.isConnected && !fixture.broker.log.contains("lamp-1"))
        await lamp.close()
    }

    @Test func `a certificate for another host is refused`() async throws {
        let port = try freePort()
        let fixture = try await Fixture(settings: [
            "listener \(port) 127.0.0.2", "cafile tls/ca.crt", "certfile tls/server.crt",
            "keyfile tls/server.key",
        ])
        var configuration = fixture.configuration("lamp-1", port: port)
        // The right authority, and an address that the certificate does not have.
        configuration.host = "127.0.0.2"
        let lamp = try MQTTConnection(configuration)
        try lamp.start()
        let error = await #expect(throws: MQTTError.self) {
            try await lamp.waitUntilConnected(within: .seconds(3))
        }
        #expect(error?.code == .tlsFailed, "\(String(describing: error))")
        await lamp.close()
    }

    @Test func `a missing CA file is an error that names it, and is tried again`() async throws {
        let fixture = try await Fixture()
        var configuration = fixture.configuration("lamp-1")
        configuration.authorityFile = "\(fixture.folder.path)/nowhere.crt"
        let lamp = try MQTTConnection(configuration)
        try lamp.start()
        let error = await #expect(throws: MQTTError.self) {
            try await lamp.waitUntilConnected(within: .seconds(1))
        }
        #expect(error?.code == .badSetting && error?.detail.contains("nowhere.crt") == true)
        await lamp.close()
    }

    @Test func `a message larger than allowed is not sent`() async throws {
        let fixture = try await Fixture(.plain)
        let lamp = try await fixture.connect("lamp-1")
        let large = [UInt8](repeating: 0, count: 16 * 1024 + 1)
        let error = await #expect(throws: MQTTError.self) {
            try await lamp.publish(MQTTPublication(topic: up, payload: large))
        }
        #expect(error?.code == .tooLarge)
        try await lamp.publish(MQTTPublication(topic: up, payload: Array(large.dropLast())))
    }

    @Test func `a message larger than allowed is not let in, and is counted`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1") { $0.maximumPayload = 100 }
        try await lamp.subscribe(to: [down])
        try await server.publish(
            MQTTPublication(topic: down, payload: [UInt8](repeating: 0, count: 101))
        )
        try await server.say(String(repeating: "x", count: 100), at: down)
        #expect(await lamp.hear()?.count == 100)
        #expect(lamp.counters.oversized == 1 && lamp.counters.received == 1)
    }

    @Test func `a full inbox drops the newest and counts them`() async throws {
        let fixture = try await Fixture(.plain)
        let server = try await fixture.connect("@server")
        let lamp = try await fixture.connect("lamp-1") { $0.inboxCapacity = 4 }
        try await lamp.subscribe(to: [down])
        for number in 1...10 { try await server.say("\(number)", at: down) }
        #expect(await becomes { lamp.counters.inboxOverflows == 6 })
        #expect(lamp.counters.received == 4)
        for number in 1...4 { #expect(await lamp.hear() == "\(number)") }
    }

    @Test func `a full outbox refuses, and takes more when the broker has acknowledged`()
        async throws
    {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let lamp = try await fixture.connect("lamp-1", port: proxy.port) { $0.outboxCapacity = 3 }
        proxy.stall(true)
        for _ in 1...3 { try lamp.send(MQTTPublication(topic: up, payload: [])) }
        let error = #expect(throws: MQTTError.self) {
            try lamp.send(MQTTPublication(topic: up, payload: []))
        }
        #expect(error?.code == .queueFull)
        proxy.stall(false)
        #expect(await becomes { lamp.counters.acknowledged == 3 })
        try await lamp.say("again", at: up)
    }

    @Test func `a broker that acknowledges nothing is not waited for without end`() async throws {
        let fixture = try await Fixture(.plain)
        let proxy = try MisbehavingProxy(to: fixture.broker.port)
        defer { proxy.stop() }
        let lamp = try await fixture.connect("lamp-1", port: proxy.port) {
            $0.acknowledgementTimeout = .milliseconds(100)
        }
        proxy.stall(true)
        let error = await #expect(throws: MQTTError.self) { try await lamp.say("hm", at: up) }
        #expect(error?.code == .timedOut)
    }
}
