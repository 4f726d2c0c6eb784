import Fleet
import KeyExchange
import Testing

@Suite struct CampaignOrderTests {
    private func claim(
        _ name: String,
        _ action: CampaignAction = .rotate,
        priority: Int = 5,
        startedAt: Int64 = 0
    ) throws -> CampaignClaim {
        CampaignClaim(
            name: try CampaignName(parsing: name),
            action: action,
            priority: priority,
            startedAt: startedAt
        )
    }

    @Test func `compromise goes first, then priority, then who began first, then the name`() throws
    {
        let order = [
            try claim("e", priority: 1, startedAt: 1), try claim("d", startedAt: 9),
            try claim("c", startedAt: 8), try claim("b", startedAt: 8),
            try claim("a", priority: 9, startedAt: 99),
            try claim("z", .compromise, priority: 0, startedAt: 99),
        ]
        #expect(order == order.sorted())
        for (place, left) in order.enumerated() {
            for (other, right) in order.enumerated() where place != other {
                #expect((left < right) == (place < other))
            }
        }
    }

    @Test func `a waiting member is taken over, one in flight never`() throws {
        let (low, high) = (try claim("a", priority: 1), try claim("b", priority: 9))
        for state in [MemberState.waiting, .blocked] {
            #expect(high.verdict(against: low, member: state) == .takeOver)
            #expect(low.verdict(against: high, member: state) == .wait)
        }
        for state in [MemberState.released, .offered, .suspect, .rollingBack] {
            #expect(high.verdict(against: low, member: state) == .wait)
        }
        for state in [MemberState.settled, .failed, .skipped, .cancelled, .rolledBack, .kept] {
            #expect(low.verdict(against: high, member: state) == .takeOver)
        }
    }

    @Test func `a compromise takes a member of a rotation over wherever it is`() throws {
        let (rotation, leak) = (try claim("a", priority: 9), try claim("b", .compromise))
        for state in MemberState.allCases {
            #expect(leak.verdict(against: rotation, member: state) == .takeOver)
            #expect(
                rotation.verdict(against: leak, member: state) == (state.isDone ? .takeOver : .wait)
            )
        }
        // Of two of them the one that has the member goes on.
        let other = try claim("c", .compromise, priority: 9)
        #expect(other.verdict(against: leak, member: .released) == .wait)
        #expect(other.verdict(against: leak, member: .waiting) == .takeOver)
        for state in [MemberState.waiting, .released, .offered, .suspect] {
            #expect(state.mayBecome(.blocked))
        }
        #expect(MemberState.rollingBack.mayBecome(.kept))
    }

    @Test func `a member that was offered the key is never cancelled`() {
        #expect(!MemberState.offered.mayBecome(.cancelled))
        #expect(!MemberState.rollingBack.mayBecome(.cancelled))
        #expect(MemberState.released.mayBecome(.cancelled))
        for state in MemberState.allCases {
            #expect(MemberState.transitions[state] != nil)
            #expect(MemberState(parsing: state.description) == state)
        }
    }

    // MARK: - Waves

    @Test(
        arguments: [
            ([Wave(.rest)], 10, [10]), ([Wave(.count(3)), Wave(.rest)], 10, [3, 7]),
            ([Wave(.count(30)), Wave(.rest)], 10, [10, 0]),
            ([Wave(.percent(1)), Wave(.percent(99))], 10, [0, 10]),
            ([Wave(.percent(33)), Wave(.percent(33)), Wave(.percent(34))], 10, [3, 3, 4]),
            ([Wave(.count(2)), Wave(.percent(50)), Wave(.rest)], 10, [2, 5, 3]),
            ([Wave(.count(8)), Wave(.percent(50)), Wave(.rest)], 10, [8, 2, 0]),
            ([Wave(.rest)], 0, [0]),
        ] as [([Wave], Int, [Int])]
    )
    func `members are dealt out over the waves`(waves: [Wave], total: Int, sizes: [Int]) throws {
        let dealt = WaveSizes(plan: try Story.plan(waves: waves), total: total)
        #expect(dealt.sizes == sizes)
        for place in 0..<total {
            let wave = dealt.wave(at: place)
            #expect(sizes[..<wave].reduce(0, +) <= place)
            #expect(place < sizes[...wave].reduce(0, +))
        }
    }

    @Test func `no member is lost, whatever the waves`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let first = Int.random(in: 1...99, using: &random)
            let waves: [Wave] = [
                Wave(.count(Int.random(in: 1...50, using: &random))),
                Wave(.matching(try Query(parsing: "label.canary=yes"))), Wave(.percent(first)),
                Wave(.percent(100 - first)),
            ]
            let total = Int.random(in: 0...500, using: &random)
            let found = Int.random(in: 0...total, using: &random)
            let sizes = WaveSizes(
                plan: try Story.plan(waves: waves),
                total: total,
                matching: [1: found]
            )
            #expect(sizes.sizes.reduce(0, +) == total, "seed \(seed)")
            #expect(sizes.sizes[1] == found, "seed \(seed)")
        }
    }

    @Test func `a late joiner never comes in past a gate`() throws {
        let plan = try Story.plan(waves: [
            Wave(.matching(try Query(parsing: "group=lights"))), Wave(.count(5)), Wave(.rest),
        ])
        let lamp = DeviceFacts(
            id: try DeviceID(parsing: "lamp"),
            group: try GroupName(parsing: "lights"),
            state: .enrolled,
            createdAt: 0,
            now: 0
        )
        #expect(plan.waveMatching(lamp) == 0)
        #expect(plan.waveForLateJoiner(lamp, openWave: -1) == 0)
        #expect(plan.waveForLateJoiner(lamp, openWave: 1) == 1)
        var door = lamp
        door.group = try GroupName(parsing: "doors")
        #expect(plan.waveMatching(door) == nil)
        #expect(plan.waveForLateJoiner(door, openWave: 0) == 2)
    }

    @Test func `ranks scatter evenly, and differ between campaigns`() throws {
        let (spring, summer) = (try Story.plan("spring"), try Story.plan("summer"))
        var (quarters, moved) = ([0, 0, 0, 0], 0)
        for number in 0..<4000 {
            let device = try DeviceID(parsing: "lamp-\(number)")
            let rank = spring.rank(of: device)
            #expect(rank >= 0 && rank == spring.rank(of: device))
            quarters[Int(rank >> 61)] += 1
            if rank >> 61 != summer.rank(of: device) >> 61 { moved += 1 }
        }
        #expect(quarters.allSatisfy { (900...1100).contains($0) }, "\(quarters)")
        #expect((2800...3200).contains(moved))
    }

    @Test func `automatic retries have a budget`() throws {
        let plan = try Story.plan(retries: [.tpmFailed: 2])
        #expect(plan.mayRetry(.tpmFailed, failedBefore: 0))
        #expect(plan.mayRetry(.tpmFailed, failedBefore: 1))
        #expect(!plan.mayRetry(.tpmFailed, failedBefore: 2))
        #expect(!plan.mayRetry(.hookFailed, failedBefore: 0))
    }
}
