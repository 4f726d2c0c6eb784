import Glibc
import Testing

@testable import BrokerHarness

@Suite struct HarnessTests {
    @Test func `certificates hold from 1970 to 9999, and their keys are private`() async throws {
        let folder = try TemporaryFolder()
        try await make(["\(folder.path)/tls", "mqtt.example.org", "192.0.2.7"], in: folder)
        for moment in ["0", "3600", "253402300798"] {
            for name in ["localhost", "mqtt.example.org"] {
                try await run(
                    "/usr/bin/openssl",
                    [
                        "verify", "-CAfile", "tls/ca.crt", "-attime", moment, "-verify_hostname",
                        name,
                        "tls/server.crt",
                    ],
                    in: folder.path
                )
            }
        }
        for file in ["ca.key", "server.key"] {
            var status = stat()
            #expect(unsafe stat("\(folder.path)/tls/\(file)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
        await #expect(throws: HarnessError.self) {
            try await run(
                "/usr/bin/openssl",
                [
                    "verify", "-CAfile", "tls/ca.crt", "-verify_hostname", "other.example.org",
                    "tls/server.crt",
                ],
                in: folder.path
            )
        }
    }

    @Test func `certificates are never overwritten`() async throws {
        let folder = try TemporaryFolder()
        try await make(["\(folder.path)/tls"], in: folder)
        let key = try readFile("\(folder.path)/tls/ca.key")
        let error = await #expect(throws: HarnessError.self) {
            try await make(["\(folder.path)/tls"], in: folder)
        }
        #expect(error?.description.contains("exists") == true)
        #expect(try readFile("\(folder.path)/tls/ca.key") == key)
    }

    @Test(arguments: ["", "a b", "a,DNS:evil.example.org", "*.example.org", "$(id)", "a\nb"])
    func `a host that is none makes no certificate`(host: String) async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: HarnessError.self) {
            try await make(["\(folder.path)/tls", host], in: folder)
        }
        #expect(!isThere("\(folder.path)/tls/server.crt"))
    }

    private func make(_ arguments: [String], in folder: TemporaryFolder) async throws(HarnessError)
    {
        try await run(
            "\(Repository.root)/scripts/broker-certificates",
            arguments,
            in: folder.path
        )
    }

    @Test func `packets are cut from a stream wherever it breaks`() throws {
        let packets = [
            Packet.publish(topic: "a/b", payload: [1, 2, 3], isRetained: false),
            Packet.publish(
                topic: "a",
                payload: [UInt8](repeating: 7, count: 300),
                isRetained: true
            ),
        ]
        let stream = packets.flatMap(\.bytes)
        for split in 0...stream.count {
            var buffer = Array(stream[..<split])
            var found: [[UInt8]] = []
            while let packet = try Packet.take(from: &buffer) { found.append(packet.bytes) }
            buffer += stream[split...]
            while let packet = try Packet.take(from: &buffer) { found.append(packet.bytes) }
            #expect(found == packets.map(\.bytes) && buffer.isEmpty)
        }
    }

    @Test(arguments: [[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x30, 0xFF, 0xFF, 0xFF, 0x7F]])
    func `what is no MQTT packet ends the link`(bytes: [UInt8]) {
        var buffer = bytes
        #expect(throws: HarnessError.self) { try Packet.take(from: &buffer) }
    }

    @Test func `a copy of an acknowledged message needs no acknowledgement`() throws {
        // PUBLISH, QoS 1, topic "a", identifier 0x0102, no properties, payload 9.
        var buffer: [UInt8] = [0x32, 7, 0, 1, 97, 1, 2, 0, 9]
        let packet = try #require(try Packet.take(from: &buffer))
        #expect(packet.acknowledgement == [0x40, 2, 1, 2])
        #expect(packet.unacknowledged.bytes == [0x30, 5, 0, 1, 97, 0, 9])
        #expect(packet.unacknowledged.acknowledgement == nil)
    }
}
