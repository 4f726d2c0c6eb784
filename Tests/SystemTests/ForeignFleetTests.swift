import EstateHarness
import MQTTLink
import Testing

extension SystemTests {
    @Suite struct ForeignFleetTests {
        @Test func `a broker that leads a device to another fleet's server wins nothing`()
            async throws
        {
            let acme = try await Estate()
            let other = try await Estate(fleet: "other", beside: acme)
            try await acme.start()
            try await other.start()
            let bundle = try await acme.makeLamps()
            _ = try await other.makeLamps()
            #expect(try await acme.stopServer() == 0)

            // Whatever the device says goes to the other server, and its answers come back.
            let mallory = try await Mallory(acme) { mallory, message in
                let (here, there) = ("latchkey/1/acme/", "latchkey/1/other/")
                if message.topic.hasPrefix(here), message.topic.hasSuffix("/up") {
                    try? mallory.send(
                        message.payload,
                        at: there + message.topic.dropFirst(here.count)
                    )
                } else if message.topic.hasPrefix(there), message.topic.hasSuffix("/down") {
                    try? mallory.send(
                        message.payload,
                        at: here + message.topic.dropFirst(there.count)
                    )
                }
            }
            let lamp = Lamp("lamp-1", in: acme)
            let led = try await lamp.enrol(with: bundle, timeout: 3, sessionLimit: 1)
            #expect(led.code == 3, "\(led.text)")
            #expect(mallory.messages.contains { $0.topic.hasSuffix("/down") }, "nobody was led")
            #expect(try await lamp.held().isEmpty)
            #expect(try await other.devices().isEmpty)
            await mallory.leave()

            try await acme.start()
            #expect(try await lamp.enrol(with: bundle).code == 0)
            #expect(try await acme.devices() == ["lamp-1"])
            #expect(try await other.devices().isEmpty)
        }
    }
}
