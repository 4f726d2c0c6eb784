internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// What the sequential test holds against a member: each is heard of once, however often it is tried.
enum MemberEvidence: Int, Sendable {
    case none = 0
    /// A try of it failed.
    case failure = 1
    /// It was silent although its rhythm says otherwise; taken back when it is heard.
    case silence = 2
}

/// A member while a transaction changes it.
struct MemberRow {
    static let columns = """
        SELECT campaign_id, device_id, campaign_member.state, wave, detail, utc_offset, attempts,
            epoch_before, epoch_after, thumbprint, rotate_before, blocked_by, released_at,
            expected_by, device.contact_interval, device.last_seen, device.name, device.state,
            evidence
        FROM campaign_member JOIN device ON device.id = campaign_member.device_id
        """

    let campaign: Int64
    let device: Int64
    let deviceName: DeviceID
    let deviceState: DeviceState
    /// The usual time between its contacts, in seconds.
    let interval: Int64?
    let lastSeen: Int64?
    /// The number of its clock.
    var clock: Int
    fileprivate(set) var state: MemberState
    var wave: Int
    fileprivate(set) var detail: Int
    var attempts: Int
    var epochBefore: UInt32?
    var epochAfter: UInt32?
    var thumbprint: Thumbprint?
    var rotateBefore: Int64?
    var blockedBy: Int64?
    var releasedAt: Int64?
    var expectedBy: Int64?
    var evidence: MemberEvidence

    init(_ row: Row) throws {
        campaign = row[0]
        device = row[1]
        state = try row.value(2, as: MemberState.self)
        wave = row[3]
        detail = row[4]
        clock = row[5]
        attempts = row[6]
        epochBefore = row[7]
        epochAfter = row[8]
        thumbprint = row.bytesIfAny(9).flatMap { Thumbprint(bytes: $0) }
        rotateBefore = row[10]
        blockedBy = row[11]
        releasedAt = row[12]
        expectedBy = row[13]
        interval = row[14]
        lastSeen = row[15]
        deviceName = try row.name(16, as: DeviceID.self)
        deviceState = try row.value(17, as: DeviceState.self)
        evidence = try row.value(18, as: MemberEvidence.self)
    }

    /// Whether it was left out since nothing was heard of it, for longer than the campaign runs.
    var isAbsent: Bool { state == .skipped && detail == SkipReason.absent.rawValue }

    /// Whether it was left out since nobody knows what time it has.
    var isLost: Bool {
        state == .skipped && detail == SkipReason.timeZoneUnknown.rawValue
    }

    /// How it ends as a suspect that is given up: its silence says something, or nothing.
    var givenUp: (state: MemberState, detail: Int) {
        detail == 1
            ? (.failed, CampaignFailure.silent.rawValue)
            : (.skipped, SkipReason.absent.rawValue)
    }

    /// What the counts tell it apart by while it waits.
    var waitingDetail: Int { wave < 0 ? 0 : clock }
}

extension Transaction {
    /// Members of a campaign under a condition, in the order that it names.
    func members(_ condition: String, _ arguments: StatementArguments) throws -> [MemberRow] {
        try rows("\(MemberRow.columns) WHERE \(condition)", arguments).map { try MemberRow($0) }
    }

    /// Members that a device may still move, in whatever campaign.
    func openMembers(of device: Int64) throws -> [MemberRow] {
        try members(
            "device_id = ? AND campaign_member.state NOT IN (6, 11, 12)",
            [device]
        )
    }

    /// Brings a member into a state, or stores what else changed of it; the counts follow.
    func move(
        _ member: inout MemberRow,
        to state: MemberState,
        detail: Int = 0,
        now: Int64,
        from old: (wave: Int, detail: Int)? = nil
    ) throws {
        precondition(
            member.state == state || member.state.mayBecome(state),
            "a member may not go from \(member.state) to \(state)"
        )
        let before = old ?? (member.wave, member.detail)
        count(member, member.state, before, -1)
        member.state = state
        member.detail = detail
        count(member, state, (member.wave, detail), 1)
        try run(
            """
            UPDATE campaign_member SET state = ?, wave = ?, detail = ?, utc_offset = ?, attempts = ?,
                epoch_before = ?, epoch_after = ?, thumbprint = ?, rotate_before = ?,
                blocked_by = ?, released_at = ?, expected_by = ?, evidence = ?, changed_at = ?
            WHERE campaign_id = ? AND device_id = ?
            """,
            [
                state.rawValue, member.wave, detail, member.clock, member.attempts,
                member.epochBefore, member.epochAfter, member.thumbprint.map { Data($0.bytes) },
                member.rotateBefore,
                member.blockedBy, member.releasedAt, member.expectedBy, member.evidence.rawValue,
                now,
                member.campaign, member.device,
            ]
        )
    }

    private func count(
        _ member: MemberRow,
        _ state: MemberState,
        _ place: (wave: Int, detail: Int),
        _ change: Int
    ) {
        count(
            CampaignChanges.Place(
                campaign: member.campaign,
                wave: place.wave,
                state: state,
                detail: place.detail
            ),
            change
        )
    }

    func count(_ place: CampaignChanges.Place, _ change: Int) {
        let sum = (campaigns.counts[place] ?? 0) + change
        campaigns.counts[place] = sum == 0 ? nil : sum
    }
}
