import AdminModel
import Fleet
import KeyExchange
import Testing

@testable import Registry
@testable import ServerKit

@Suite struct CampaignMemberTests {
    private func member(_ state: MemberState) throws -> AdminModel.CampaignMember {
        AdminModel.CampaignMember(
            StoredMember(
                device: try DeviceID(parsing: "lamp-1"),
                state: state,
                wave: 0,
                failure: state == .failed ? .hookFailed : nil,
                skipped: nil,
                waitsFor: nil,
                attempts: 0,
                epochBefore: Epoch(4),
                epochAfter: Epoch(5),
                thumbprint: Thumbprint(bytes: [UInt8](repeating: 7, count: 32)),
                releasedAt: 1,
                expectedBy: nil,
                changedAt: 2
            )
        )
    }

    @Test(arguments: [MemberState.settled, .rollingBack, .rolledBack, .kept])
    func `who has the next generation is shown with it and its thumbprint`(
        state: MemberState
    ) throws {
        let member = try member(state)
        #expect(member.epochBefore == 4 && member.epochAfter == 5)
        #expect(member.thumbprint == String(repeating: "07", count: 32))
    }

    @Test(arguments: [
        MemberState.waiting, .blocked, .released, .offered, .suspect, .failed, .skipped, .cancelled,
    ])
    func `a key that was offered and not taken is no key of the device in a report`(
        state: MemberState
    ) throws {
        let member = try member(state)
        #expect(member.epochBefore == 4 && member.wave == 1)
        #expect(member.epochAfter == nil && member.thumbprint == nil)
    }
}
