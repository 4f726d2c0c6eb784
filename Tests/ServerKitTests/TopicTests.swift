import KeyExchange
import Testing

@testable import ServerKit

@Suite struct TopicTests {
    private let topics: Topics
    private let lamp: DeviceID

    init() throws {
        topics = Topics(fleet: try FleetID(parsing: "house"))
        lamp = try DeviceID(parsing: "lamp-1")
    }

    @Test func `a device's topic names the device`() {
        #expect(topics.sender(of: "latchkey/1/house/device/lamp-1/up") == .device(lamp))
        #expect(topics.down(.device(lamp)) == "latchkey/1/house/device/lamp-1/down")
        #expect(topics.nudge(lamp) == "latchkey/1/house/device/lamp-1/nudge")
    }

    @Test(arguments: ["0a", "0123456789abcdef", String(repeating: "f0", count: 32)])
    func `an enrolment topic names a connection`(identifier: String) {
        let channel = Channel.enrolment(identifier)
        #expect(topics.sender(of: "latchkey/1/house/enrol/\(identifier)/up") == channel)
        #expect(topics.down(channel) == "latchkey/1/house/enrol/\(identifier)/down")
    }

    @Test func `the server listens to what it can tell apart and to nothing else`() {
        #expect(
            topics.incoming == ["latchkey/1/house/device/+/up", "latchkey/1/house/enrol/+/up"]
        )
    }

    @Test(arguments: [
        "", "/", "up", "latchkey/1/house", "latchkey/1/house/", "latchkey/1/house/device",
        "latchkey/1/house/device/lamp-1", "latchkey/1/house/device/lamp-1/",
        // Another fleet, or one whose name only begins like ours.
        "latchkey/1/shed/device/lamp-1/up", "latchkey/1/house2/device/lamp-1/up",
        "latchkey/1/hous/device/lamp-1/up", "latchkey/1//device/lamp-1/up",
        // Another version.
        "latchkey/2/house/device/lamp-1/up", "latchkey/house/device/lamp-1/up",
        // The other direction, and topics that nobody answers.
        "latchkey/1/house/device/lamp-1/down", "latchkey/1/house/device/lamp-1/nudge",
        "latchkey/1/house/device/lamp-1/order", "latchkey/1/house/device/lamp-1/UP",
        "latchkey/1/house/enrol/0a0b/down",
        // Levels too many, too few, or empty.
        "latchkey/1/house/device/lamp-1/up/", "latchkey/1/house/device/lamp-1/x/up",
        "latchkey/1/house/device//up", "latchkey/1/house/device/up",
        "/latchkey/1/house/device/lamp-1/up",
        "x/latchkey/1/house/device/lamp-1/up", "latchkey/1/house//lamp-1/up",
        // Wildcards and names that are none.
        "latchkey/1/house/device/+/up", "latchkey/1/house/device/#/up", "latchkey/1/house/device/#",
        "latchkey/1/+/device/lamp-1/up", "latchkey/1/house/device/Lamp-1/up",
        "latchkey/1/house/device/-lamp/up", "latchkey/1/house/device/lamp 1/up",
        "latchkey/1/house/device/@server/up", "latchkey/1/house/device/lamp\u{0}/up",
        "latchkey/1/house/device/ｌamp/up", "latchkey/1/house/group/lamp-1/up",
        // Identifiers that are not lower-case hexadecimal.
        "latchkey/1/house/enrol//up", "latchkey/1/house/enrol/0/up",
        "latchkey/1/house/enrol/0A0B/up",
        "latchkey/1/house/enrol/0a0g/up", "latchkey/1/house/enrol/+/up",
        "latchkey/1/house/enrol/0x0a/up", "latchkey/1/house/enrol/٠٠/up",
        "latchkey/1/house/enrol/0a0b0/up",
    ])
    func `another topic is nobody's`(topic: String) {
        #expect(topics.sender(of: topic) == nil)
    }

    @Test func `names and identifiers have a longest length`() {
        let name = String(repeating: "a", count: 65)
        #expect(topics.sender(of: "latchkey/1/house/device/\(name)/up") == nil)
        let identifier = String(repeating: "0a", count: 33)
        #expect(topics.sender(of: "latchkey/1/house/enrol/\(identifier)/up") == nil)
    }
}
