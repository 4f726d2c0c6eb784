import EDHOC
import Fleet
import KeyExchange
import MbedCrypto
import Testing

@Suite struct DeviceImportTests {
    private let crypto = MbedCrypto()

    private func key() throws -> any AgreementKey { try crypto.generateAgreementKey(.p256) }

    private func parse(_ lines: [String]) throws(ImportFaults) -> [ImportRow] {
        let groups = Set(["lights", "doors"].compactMap { try? GroupName(parsing: $0) })
        return try DeviceImport.parse(
            lines.joined(separator: "\n"),
            groups: groups,
            crypto: crypto
        )
    }

    private func faults(_ lines: [String]) -> [Int] {
        do throws(ImportFaults) {
            _ = try parse(lines)
            return []
        } catch {
            return error.faults.map(\.line)
        }
    }

    @Test func `keys come as x alone or whole, and lines end either way`() throws {
        let (one, two) = (try key(), try key())
        let rows = try parse([
            DeviceImport.header + "\r", "lamp-1,lights,\(hexadecimal(one.publicKey))\r", "",
            " lamp-2 , doors , \(hexadecimal(two.publicPoint).uppercased())",
        ])
        #expect(rows.map(\.name.description) == ["lamp-1", "lamp-2"])
        #expect(rows.map(\.line) == [2, 4])
        #expect(rows.map(\.publicKey) == [one.publicKey, two.publicKey])
    }

    @Test func `every bad line is reported, not the first alone`() throws {
        let good = hexadecimal(try key().publicKey)
        let other = hexadecimal(try key().publicKey)
        let lines = [
            DeviceImport.header,
            "lamp-1,lights,\(good)",
            "Lamp,lights,\(other)",
            "lamp-3,nowhere,\(other)",
            "lamp-4,lights,zz",
            "lamp-5,lights,\(String(repeating: "ff", count: 32))",
            "lamp-6,lights",
            "lamp-1,lights,\(other)",
            "lamp-8,lights,\(good)",
            "lamp-9,lights,\(good.dropLast(2))",
            "a,b,c,d",
            ",,",
        ]
        #expect(faults(lines) == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    }

    @Test(arguments: [[], [""], ["name,group"], ["lamp,lights,00"]] as [[String]])
    func `a file without its header is refused`(lines: [String]) {
        #expect(faults(lines) == [1])
    }

    @Test func `a file without devices is refused`() {
        #expect(faults([DeviceImport.header, "", ""]) == [2])
    }

    @Test func `a point off the curve is refused`() throws {
        var point = try key().publicPoint
        point[63] ^= 1
        #expect(faults([DeviceImport.header, "lamp,lights,\(hexadecimal(point))"]) == [2])
    }
}
