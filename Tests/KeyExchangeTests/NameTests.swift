import KeyExchange
import Testing

struct NameTests {
    @Test(arguments: ["a", "0", "lamp-1", "a--b", String(repeating: "x", count: 64)])
    func `a name of small letters, digits and dashes is taken`(text: String) throws {
        #expect(try DeviceID(parsing: text).description == text)
        #expect(try FleetID(parsing: text).description == text)
        #expect(try GroupName(parsing: text).description == text)
        #expect(try KeyName(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "-", "-a", "a-", "A", "a b", "a/b", "a+", "#", "a.b", "a_b", "ä", "a\n", "a\0",
        "@enrol",
        String(repeating: "x", count: 65),
    ])
    func `a name that could be a topic, a wildcard or two names is refused`(text: String) {
        #expect(throws: NameError.self) { try DeviceID(parsing: text) }
        #expect(throws: NameError.self) { try FleetID(parsing: text) }
        #expect(throws: NameError.self) { try GroupName(parsing: text) }
        #expect(throws: NameError.self) { try KeyName(parsing: text) }
    }

    @Test func `the refusal of a long name is short and on one line`() {
        let error = #expect(throws: NameError.self) {
            try DeviceID(parsing: String(repeating: "\nÄ!", count: 10_000))
        }
        #expect((error?.description.utf8.count ?? .max) < 250)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `names are in the order of their bytes`() {
        let names = ["b", "a", "a-1", "10", "9"].map(KeyName.init(checked:))
        #expect(names.sorted().map(\.description) == ["10", "9", "a", "a-1", "b"])
    }

    @Test func `epochs begin with 1 and never wrap`() {
        #expect(Epoch(0) == nil)
        #expect(Epoch.first.number == 1)
        #expect(Epoch.first.next?.number == 2)
        #expect(Epoch(.max)?.next == nil)
    }

    @Test(arguments: [0, 7, 9])
    func `an operation has eight bytes`(count: Int) {
        #expect(OperationID(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test(arguments: ["0", "0g", "é", "0x00", " 00"])
    func `what is not hexadecimal is not bytes`(text: String) {
        #expect(bytes(hexadecimal: text) == nil)
    }

    @Test func `hexadecimal goes both ways`() {
        let all = [UInt8](0...255)
        #expect(bytes(hexadecimal: hexadecimal(all)) == all)
        #expect(bytes(hexadecimal: hexadecimal(all).uppercased()) == all)
    }

    @Test func `words and numbers of every table are read back`() {
        for algorithm in KeyAlgorithm.allCases {
            #expect(KeyAlgorithm(parsing: algorithm.description) == algorithm)
        }
        for use in KeyUse.allCases { #expect(KeyUse(parsing: use.description) == use) }
        #expect(KeyAlgorithm(parsing: "aes-512") == nil)
        #expect(KeyUse(parsing: "") == nil)
        #expect(Set(FailureKind.allCases.map(\.description)).count == FailureKind.allCases.count)
        #expect(Set(ProblemCode.allCases.map(\.description)).count == ProblemCode.allCases.count)
        #expect(ProblemCode.allCases.allSatisfy { !$0.advice.isEmpty })
    }
}
