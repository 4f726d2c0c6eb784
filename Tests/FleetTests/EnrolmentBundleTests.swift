import Fleet
import KeyExchange
import Testing

@Suite struct EnrolmentBundleTests {
    private func bundle(left: UInt32 = 1, isRevoked: Bool = false) throws -> EnrolmentBundle {
        EnrolmentBundle(
            id: try #require(BundleID(parsing: "0011223344556677")),
            group: try GroupName(parsing: "lights"),
            usesAllowed: 1,
            usesLeft: left,
            expiresAt: 100,
            isRevoked: isRevoked,
            createdAt: 0
        )
    }

    @Test func `a fresh token admits until its time is over`() throws {
        #expect(try bundle().refusal(at: 99) == nil)
        #expect(try bundle().refusal(at: 100) == .tokenExpired)
    }

    @Test func `a token used up or taken back admits nobody`() throws {
        #expect(try bundle(left: 0).refusal(at: 0) == .tokenUsedUp)
        #expect(try bundle(isRevoked: true).refusal(at: 0) == .tokenUnknown)
    }

    @Test(arguments: ["", "00", "001122334455667", "00112233445566778899", "zz11223344556677"])
    func `a bad name of a token is not read`(text: String) {
        #expect(BundleID(parsing: text) == nil)
    }
}
