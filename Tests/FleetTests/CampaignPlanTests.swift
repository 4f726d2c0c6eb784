import Fleet
import KeyExchange
import Testing

@Suite struct CampaignPlanTests {
    private func fault<Value>(_ make: () throws -> Value) -> String? {
        do {
            _ = try make()
            return nil
        } catch let error as FleetError {
            return error.description
        } catch {
            return "\(error)"
        }
    }

    private func window(
        _ days: Set<MaintenanceWindow.Weekday> = [.monday],
        _ from: Int = 60,
        _ to: Int = 120
    ) throws -> MaintenanceWindow { try MaintenanceWindow(weekdays: days, from: from, to: to) }

    @Test(
        arguments: [
            ([Wave(.rest)], nil), ([Wave(.count(3)), Wave(.rest)], nil),
            ([Wave(.percent(40)), Wave(.percent(60))], nil),
            ([Wave(.percent(100)), Wave(.rest)], nil),
            ([Wave(.percent(60)), Wave(.percent(41))], "101 percent"),
            ([Wave(.percent(60)), Wave(.percent(60)), Wave(.rest)], "120 percent"),
            ([Wave(.percent(40)), Wave(.percent(50))], "leave members over"),
            ([Wave(.count(10))], "leave members over"),
            ([Wave(.matching(.everything))], "leave members over"),
            ([Wave(.rest), Wave(.count(1))], "only the last wave"),
            ([Wave(.rest), Wave(.rest)], "only the last wave"),
            ([Wave(.count(0)), Wave(.rest)], "members of wave 1"),
            ([Wave(.count(-1)), Wave(.rest)], "members of wave 1"),
            ([Wave(.percent(0)), Wave(.rest)], "percent of wave 1"),
            ([Wave(.percent(101))], "percent of wave 1"),
            ([], "waves out of range"),
            ([Wave](repeating: Wave(.count(1)), count: 64) + [Wave(.rest)], "waves out of range"),
            ([Wave(.count(1)), Wave(.rest, successPercent: 101)], "success percent of wave 2"),
            ([Wave(.count(1)), Wave(.rest, successPercent: -1)], "success percent of wave 2"),
            ([Wave(.rest, successPercent: 90)], "there is none"),
        ] as [([Wave], String?)]
    )
    func `waves that don't add up are refused`(waves: [Wave], expected: String?) {
        let fault = fault { try Story.plan(waves: waves) }
        #expect(expected.map { fault?.contains($0) == true } ?? (fault == nil), "\(fault ?? "")")
    }

    @Test func `windows that never open are refused`() {
        #expect(throws: FleetError.self) { try window([]) }
        #expect(throws: FleetError.self) { try window([.monday], 60, 60) }
        #expect(throws: FleetError.self) { try window([.monday], -1, 60) }
        #expect(throws: FleetError.self) { try window([.monday], 0, 1441) }
        #expect(throws: FleetError.self) { try window([.monday], 1440, 10) }
        #expect(throws: FleetError.self) { try window([.monday], 0, 0) }
        #expect(throws: Never.self) { try window([.monday], 0, 1440) }
        #expect(throws: Never.self) { try window([.monday], 1439, 0) }
    }

    @Test func `a deadline is after now and after the first window opens`() throws {
        // 1,000,000 is a Monday, 13:46:40.
        #expect(throws: FleetError.self) {
            try Story.plan(deadline: Story.now).checkDeadline(at: Story.now)
        }
        #expect(throws: FleetError.self) {
            try Story.plan(deadline: 1).checkDeadline(at: Story.now)
        }
        let tomorrow = try Story.plan(
            windows: [window([.tuesday])],
            deadline: Story.now + 3600
        )
        #expect(throws: FleetError.self) { try tomorrow.checkDeadline(at: Story.now) }
        let late = try Story.plan(windows: [window([.tuesday])], deadline: Story.now + 86_400)
        #expect(throws: Never.self) { try late.checkDeadline(at: Story.now) }
        #expect(throws: Never.self) { try Story.plan().checkDeadline(at: .max) }
        #expect(fault { try Story.plan(deadline: -1) } != nil)
    }

    @Test func `what is wrong with a plan is said in the units of people`() throws {
        let past = try Story.plan(deadline: Story.now - 86_400)
        #expect(
            fault { try past.checkDeadline(at: Story.now) }
                == "the deadline 1970-01-11T13:46:40Z is past: it is 1970-01-12T13:46:40Z"
        )
        let early = try Story.plan(
            windows: [window([.tuesday])],
            deadline: Story.now + 3600
        )
        let words = try #require(fault { try early.checkDeadline(at: Story.now) })
        #expect(words.contains("1970-01-12T14:46:40Z: the first opens at 1970-01-13T"))
        let growth = fault {
            try Pace(kind: .exponential(factorThousandths: 1050, every: 1), perMinute: 1)
        }
        #expect(growth == "growth out of range: want a factor of 1.1 to 10, have 1.050")
    }

    @Test(
        arguments: [(0, nil), (100_001, nil), (60, 59), (60, 100_001), (-5, nil)] as [(Int, Int?)]
    )
    func `rates out of range are refused`(rate: Int, maximum: Int?) {
        #expect(throws: FleetError.self) {
            try Pace(perMinute: rate, maximumPerMinute: maximum)
        }
    }

    @Test(arguments: [(1000, 10), (10_001, 10), (2000, 0), (2000, 1_000_001), (0, 1), (-1, 1)])
    func `growth out of range is refused`(factor: Int, every: Int) {
        #expect(throws: FleetError.self) {
            try Pace(
                kind: .exponential(factorThousandths: factor, every: every),
                perMinute: 1
            )
        }
    }

    @Test(
        arguments: [
            .count(0), .count(-1), .percent(10, sample: 0), .percent(0, sample: 1),
            .percent(101, sample: 1), .percent(10, sample: -4),
        ] as [StopRule.Threshold]
    )
    func `a stop rule without a sample, or out of range, is refused`(
        threshold: StopRule.Threshold
    ) {
        #expect(throws: FleetError.self) { try StopRule(threshold: threshold) }
    }

    @Test func `retries are for what a retry helps`() {
        for kind in CampaignFailure.allCases {
            let fault = fault { try Story.plan(retries: [kind: 2]) }
            #expect((fault == nil) == kind.isRetryable)
        }
        #expect(fault { try Story.plan(retries: [.tpmFailed: 0]) } != nil)
        #expect(fault { try Story.plan(retries: [.tpmFailed: 11]) } != nil)
    }

    @Test func `numbers out of range are refused`() {
        #expect(fault { try Story.plan(maximumInFlight: 0) } != nil)
        #expect(fault { try Story.plan(priority: 10) } != nil)
        #expect(fault { try Story.plan(offset: 900) } != nil)
        #expect(fault { try Story.plan("") } != nil)
        #expect(fault { try Story.plan(isDynamic: true) }?.contains("deadline") == true)
        #expect(fault { try Story.plan(windows: .init(repeating: window(), count: 33)) } != nil)
    }

    @Test func `a compromised key is never planned to be rolled back to`() throws {
        let rule = try StopRule(threshold: .count(1), reaction: .rollBackWave)
        #expect(fault { try Story.plan(action: .compromise, stopRules: [rule]) } != nil)
        #expect(fault { try Story.plan(action: .rotate, stopRules: [rule]) } == nil)
    }

    @Test(arguments: [
        (10, 30, 5), (0, 500, 5), (500, 400, 5), (30, 59, 5), (30, 1000, 5), (30, 500, 1),
        (30, 500, 101),
    ])
    func `a sequential test that cannot tell is refused`(noise: Int, bad: Int, row: Int) throws {
        guard (noise, bad, row) != (10, 30, 5) else {
            _ = try SequentialTest(
                noiseThousandths: noise,
                badThousandths: bad,
                failuresInARow: row
            )
            return
        }
        #expect(throws: FleetError.self) {
            try SequentialTest(noiseThousandths: noise, badThousandths: bad, failuresInARow: row)
        }
    }

    // MARK: - Store

    private func rich() throws -> CampaignPlan {
        try Story.plan(
            action: .rotate,
            target: "group=lights and not label.a=\"x y\"",
            isDynamic: true,
            pace: Pace(
                kind: .exponential(factorThousandths: 1500, every: 20),
                perMinute: 2,
                maximumPerMinute: 900
            ),
            waves: [
                Wave(.count(5), needsApproval: true),
                Wave(.matching(Query(parsing: "label.canary=yes")), successPercent: 80),
                Wave(.percent(20)), Wave(.rest, successPercent: 95, needsApproval: true),
            ],
            windows: [window([.monday, .sunday], 1320, 240)],
            offset: -210,
            deadline: 4_000_000_000,
            stopRules: [
                StopRule(
                    failures: [.tpmFailed, .silent],
                    threshold: .percent(5, sample: 10),
                    reaction: .slowDown
                ), StopRule(threshold: .count(9), reaction: .rollBackWave),
            ],
            sequentialTest: .standard,
            retries: [.tpmFailed: 3, .silent: 1]
        )
    }

    @Test func `a plan comes back from the store as it was`() throws {
        for plan in [try rich(), try Story.plan(), try Story.plan(action: .compromise)] {
            #expect(try CampaignPlan(decoding: plan.encoded()) == plan)
        }
        #expect(try rich().encoded() != Story.plan().encoded())
    }

    @Test func `a damaged plan is refused, and never traps`() throws {
        let bytes = try rich().encoded()
        for end in bytes.indices {
            #expect(throws: CampaignCodingError.self) {
                try CampaignPlan(decoding: Array(bytes[..<end]))
            }
        }
        #expect(throws: CampaignCodingError.self) { try CampaignPlan(decoding: bytes + [0]) }
        #expect(throws: CampaignCodingError.self) {
            try CampaignPlan(decoding: .init(repeating: 0x80, count: 200_000))
        }
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                // Another plan or none, but a whole one.
                if let plan = try? CampaignPlan(decoding: changed) {
                    #expect((try? CampaignPlan(decoding: plan.encoded())) == plan)
                }
            }
        }
    }

    @Test func `a damaged state is refused, and never traps`() throws {
        var machine = try Story.running(rich())
        _ = machine.tick(
            Story.counts([.waiting: 5], [:], [:], [.waiting: 20, .failed: 2]),
            at: Story.now
        )
        let bytes = machine.state.encoded()
        #expect(try CampaignState(decoding: bytes) == machine.state)
        for end in bytes.indices {
            #expect(throws: CampaignCodingError.self) {
                try CampaignState(decoding: Array(bytes[..<end]))
            }
        }
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << UInt8(bit)
                if let state = try? CampaignState(decoding: changed) {
                    #expect(state.encoded() == changed)
                }
            }
        }
    }
}
