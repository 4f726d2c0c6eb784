import EstateHarness
import Foundation
import Testing

extension SystemTests {
    @Suite struct FloodTests {
        @Test func `20,000 strangers cost neither memory nor disk, and an honest device gets in`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let bundle = try await estate.makeLamps()
            // The first enrolment pays for what is made once.
            #expect(try await Lamp("lamp-1", in: estate).enrol(with: bundle).code == 0)
            let before = try await estate.status()
            let memory = try residentMegabytes(estate)

            let mallory = try await Mallory(estate)
            for number in 0..<20_000 {
                let (payload, connection) = firstMessage(number)
                try mallory.send(payload, at: "latchkey/1/acme/enrol/\(connection)/up")
            }
            try await eventually("the broker has all of it") { mallory.acknowledged >= 20_000 }
            let middle = try residentMegabytes(estate)
            let lamp = Lamp("lamp-2", in: estate)
            let outcome = try await lamp.enrol(with: bundle)
            #expect(outcome.code == 0, "\(outcome.text)")
            let after = try residentMegabytes(estate)
            print("server: \(memory) MB before, \(middle) MB in the flood, \(after) MB after it")
            #expect(max(middle, after) - memory < 64)
            let devices = Set(try await estate.devices())
            #expect(devices == ["lamp-1", "lamp-2"])
            let late = try await estate.status()
            // Two rows tell of an enrolment with one key, and nothing of the strangers.
            #expect(late.auditRows - before.auditRows <= 4)
            #expect(late.databaseBytes - before.databaseBytes <= 65_536)
            #expect(estate.running?.code == nil)
        }

        /// A message_1 that is right in every part, from nobody: method 3, suite 3, the base point for
        /// G_X, and a connection identifier of its own.
        private func firstMessage(_ number: Int) -> ([UInt8], String) {
            let identifier = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * (7 - $0))) }
            let point: [UInt8] = [
                0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
                0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45,
                0xd8, 0x98, 0xc2, 0x96,
            ]
            let text = identifier.map {
                String(UInt8($0) >> 4, radix: 16) + String($0 & 15, radix: 16)
            }.joined()
            return ([0xf5, 0x03, 0x03, 0x58, 0x20] + point + [0x48] + identifier, text)
        }

        private func residentMegabytes(_ estate: Estate) throws -> Int {
            guard let process = estate.running?.identifier else { throw Trouble("no server") }
            let line = contents("/proc/\(process)/status").split(separator: "\n")
                .first { $0.hasPrefix("VmRSS:") }
            guard
                let number = line?.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) }
                )
            else { throw Trouble("no VmRSS") }
            return number / 1024
        }
    }
}
