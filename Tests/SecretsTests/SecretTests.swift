import Secrets
import Testing

/// A secret is lent, moved, compared and wiped, and never copied by accident.
@Suite struct SecretTests {
    struct Refusal: Error {}

    private func bytes(_ secret: borrowing Secret) -> [UInt8] {
        secret.withBytes { [UInt8](copying: $0) }
    }

    @Test func `is filled in place`() {
        let secret = Secret(count: 4) { output in
            for byte in UInt8(1)...4 { output.append(byte) }
        }
        #expect(bytes(secret) == [1, 2, 3, 4])
        let count = secret.count
        #expect(count == 4)
    }

    @Test func `may be empty`() {
        let secret = Secret(copying: [UInt8]().rawSpan)
        #expect(bytes(secret).isEmpty)
        let isEqual = secret.isEqual(to: Secret(count: 0) { _ in })
        #expect(isEqual)
    }

    @Test func `a fill that fails leaves nothing`() {
        #expect(throws: Refusal.self) {
            let secret = try Secret(count: 4) { output throws(Refusal) in
                output.append(UInt8(1))
                throw Refusal()
            }
            _ = consume secret
        }
    }

    @Test func `a fill that is too short traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = Secret(count: 4) { output in output.append(UInt8(1)) }
        }
    }

    @Test func `takes an array over and empties it`() {
        var source: [UInt8] = [1, 2, 3]
        let secret = Secret(taking: &source)
        #expect(source.isEmpty)
        #expect(bytes(secret) == [1, 2, 3])
    }

    @Test func `a duplicate is equal and lives on its own`() {
        func duplicate() -> Secret { Secret(copying: [UInt8]([7, 8]).rawSpan).duplicate() }
        #expect(bytes(duplicate()) == [7, 8])
    }

    @Test(
        arguments: [
            ([1, 2, 3], [1, 2, 3], true), ([], [], true), ([1, 2, 3], [1, 2], false),
            ([1, 2], [1, 2, 3], false), ([0, 2, 3], [1, 2, 3], false),
            ([1, 2, 0x83], [1, 2, 3], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func `compares every byte`(_ left: [UInt8], _ right: [UInt8], _ expected: Bool) {
        let first = Secret(copying: left.rawSpan)
        let second = Secret(copying: right.rawSpan)
        let isEqual = first.isEqual(to: second)
        #expect(isEqual == expected)
        #expect(constantTimeEqual(left.rawSpan, right.rawSpan) == expected)
    }

    @Test func `a byte out of bounds traps`() async {
        await #expect(processExitsWith: .failure) {
            let bytes: [UInt8] = [1, 2]
            _ = bytes.rawSpan[byte: 2]
        }
    }

    @Test func `wiping empties an array`() {
        var bytes: [UInt8] = [1, 2, 3]
        bytes.wipe()
        #expect(bytes.isEmpty)
        bytes.wipe()
    }
}
