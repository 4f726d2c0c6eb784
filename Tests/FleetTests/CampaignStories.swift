import Fleet
import KeyExchange

/// Plans and counts that the stories of campaigns share.
extension Story {
    static func plan(
        _ name: String = "spring",
        action: CampaignAction = .rotate,
        target: String = "group=lights",
        isDynamic: Bool = false,
        pace: Pace? = nil,
        waves: [Wave] = [Wave(.rest)],
        windows: [MaintenanceWindow] = [],
        offset: Int = 0,
        zone: TimeZoneName? = nil,
        maximumInFlight: Int = 1000,
        deadline: Int64? = nil,
        stopRules: [StopRule] = [],
        sequentialTest: SequentialTest? = nil,
        retries: [CampaignFailure: Int] = [:],
        priority: Int = 5
    ) throws -> CampaignPlan {
        try CampaignPlan(
            name: CampaignName(parsing: name),
            action: action,
            key: Story.name("door"),
            target: Query(parsing: target),
            isDynamic: isDynamic,
            pace: pace ?? Pace(perMinute: 60),
            waves: waves,
            windows: windows,
            utcOffsetMinutes: offset,
            timeZone: zone,
            maximumInFlight: maximumInFlight,
            deadline: deadline,
            stopRules: stopRules,
            sequentialTest: sequentialTest,
            retries: retries,
            priority: priority
        )
    }

    static func counts(_ waves: [MemberState: Int]...) -> CampaignCounts {
        CampaignCounts(
            waves: waves.map {
                .init(members: $0, failures: $0[.failed].map { [.tpmFailed: $0] } ?? [:])
            }
        )
    }

    /// A campaign that runs, its target listed.
    static func running(_ plan: CampaignPlan, at now: Int64 = Story.now) throws -> CampaignMachine {
        var machine = CampaignMachine(plan: plan, state: CampaignState(createdBy: "1:ann"))
        _ = try machine.start(by: "1:ann", needsSecondPerson: false, at: now)
        _ = try machine.prepared(members: 10, at: now)
        return machine
    }
}

extension [CampaignStep] {
    /// How many members they release.
    var released: Int {
        reduce(0) {
            if case .release(_, let count, _) = $1 { $0 + count } else { $0 }
        }
    }
}
