import Fleet
import Foundation
import KeyExchange
import MbedCrypto
import Testing

@Suite struct AuditTests {
    private typealias Row = (sequence: Int64, encoded: [UInt8], hash: [UInt8])

    private let crypto = MbedCrypto()

    private func log(_ count: Int) -> ([Row], AuditHead) {
        var head = AuditHead.empty
        var rows: [Row] = []
        for number in 0..<count {
            let event = AuditEvent(
                time: Int64(number),
                kind: .groupCreated,
                actor: "uid:root",
                details: ["group": "g\(number)"]
            )
            head = AuditChain.append(event.encoded(), to: head, crypto: crypto)
            rows.append((head.count, event.encoded(), head.hash))
        }
        return (rows, head)
    }

    private func fault(_ rows: [Row], _ head: AuditHead) -> Int64? {
        var verifier = AuditVerifier(crypto: crypto)
        do throws(AuditFault) {
            for row in rows {
                try verifier.check(
                    sequence: row.sequence,
                    encoded: row.encoded,
                    hash: row.hash
                )
            }
            try verifier.finish(at: head)
            return nil
        } catch {
            return error.sequence
        }
    }

    @Test func `an untouched log is good`() {
        let (rows, head) = log(20)
        #expect(fault(rows, head) == nil)
        #expect(fault([], .empty) == nil)
    }

    @Test(arguments: 0..<20) func `an edited row is named`(index: Int) {
        var (rows, head) = log(20)
        rows[index].encoded[3] ^= 1
        #expect(fault(rows, head) == Int64(index + 1))
    }

    @Test(arguments: 0..<20) func `a row with another hash is named`(index: Int) {
        var (rows, head) = log(20)
        rows[index].hash[0] ^= 1
        #expect(fault(rows, head) == Int64(index + 1))
    }

    @Test(arguments: 0..<20) func `a removed row is named`(index: Int) {
        var (rows, head) = log(20)
        rows.remove(at: index)
        #expect(fault(rows, head) == Int64(index + 1))
    }

    @Test(arguments: 0..<19) func `a removed row is named when the rest was renumbered`(
        index: Int
    ) {
        var (rows, head) = log(20)
        rows.remove(at: index)
        for later in index..<rows.count { rows[later].sequence -= 1 }
        #expect(fault(rows, head) == Int64(index + 1))
    }

    @Test(arguments: 0..<19) func `rows that changed places are named`(index: Int) {
        var (rows, head) = log(20)
        let (here, there) = (rows[index], rows[index + 1])
        rows[index] = (here.sequence, there.encoded, there.hash)
        rows[index + 1] = (there.sequence, here.encoded, here.hash)
        #expect(fault(rows, head) == Int64(index + 1))
    }

    @Test func `cutting off the newest rows is found`() {
        let (rows, head) = log(20)
        #expect(fault(Array(rows.dropLast(3)), head) == 18)
        #expect(fault([], head) == 1)
    }

    @Test func `rows that the server did not write are found`() {
        let (rows, _) = log(20)
        let (_, head) = log(18)
        #expect(fault(rows, head) == 19)
    }

    @Test func `a chain that was computed anew does not meet the head`() {
        let (_, head) = log(20)
        var forged = AuditHead.empty
        var rows: [Row] = []
        for number in 0..<20 {
            let event = AuditEvent(time: Int64(number), kind: .groupCreated, actor: "mallory")
            forged = AuditChain.append(event.encoded(), to: forged, crypto: crypto)
            rows.append((forged.count, event.encoded(), forged.hash))
        }
        #expect(fault(rows, head) == 20)
    }

    @Test func `details are written in one order and read back`() throws {
        let event = AuditEvent(
            time: 1,
            kind: .keyOffered,
            actor: "server",
            device: "lamp",
            key: try KeyName(parsing: "door"),
            epoch: .first,
            details: ["bb": "1", "a": "2", "ccc": "3", "ab": ""]
        )
        #expect(
            event.encodedDetails()
                == [0xa4, 0x61, 0x61, 0x61, 0x32, 0x62, 0x61, 0x62, 0x60, 0x62, 0x62, 0x62]
                + [0x61, 0x31, 0x63, 0x63, 0x63, 0x63, 0x61, 0x33]
        )
        #expect(AuditEvent.details(parsing: event.encodedDetails()) == event.details)
    }

    @Test(arguments: [[], [0xa1], [0x80], [0xa1, 0x61, 0x61, 0x01], [0xa0, 0x00]] as [[UInt8]])
    func `details that were never written are not read`(bytes: [UInt8]) {
        #expect(AuditEvent.details(parsing: bytes) == nil)
    }

    @Test func `every field is covered by the encoding`() throws {
        let event = AuditEvent(time: 1, kind: .keyOffered, actor: "a")
        var others = [AuditEvent](repeating: event, count: 7)
        others[0].time = 2
        others[1].kind = .keyDestroyed
        others[2].actor = "b"
        others[3].device = "lamp"
        others[4].key = try KeyName(parsing: "door")
        others[5].epoch = .first
        others[6].details = ["x": "y"]
        #expect(Set((others + [event]).map { $0.encoded() }).count == 8)
    }
}

@Suite struct AuditKindTests {
    @Test func `the operations guide names every kind`() throws {
        let root = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: root.appending(path: "docs/operations.md"),
            encoding: .utf8
        )
        for kind in AuditKind.allCases { #expect(text.contains("`\(kind.rawValue)`"), "\(kind)") }
    }
}
