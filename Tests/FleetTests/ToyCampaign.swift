import Fleet
import KeyExchange

/// A campaign over devices in memory: does the machine's steps as a registry would, and checks each.
struct ToyCampaign {
    struct Member {
        var state = MemberState.waiting
        let wave: Int
        let offset: Int
        /// Whether the device was overdue before it was released.
        let isAbsent: Bool
        /// How likely it is to fail, in thousandths; 1000 or more for one that never comes.
        let trouble: Int
        var failure: CampaignFailure?
        var skip: SkipReason?
        var suspectAt: Int64 = 0
        var closeAt: Int64 = 0
        var rollsBack = true
    }

    let plan: CampaignPlan
    var machine: CampaignMachine
    var members: [Member]
    var now: Int64
    /// What went wrong; must stay empty.
    var violations: [String] = []
    var events: [CampaignEvent] = []
    /// Whether plan and state go through the store before each decision.
    let restarts: Bool

    init(plan: CampaignPlan, members: [Member], at now: Int64, restarts: Bool) throws {
        self.plan = plan
        self.members = members
        self.now = now
        self.restarts = restarts
        machine = CampaignMachine(plan: plan, state: CampaignState(createdBy: "1:ann"))
        perform(try machine.start(by: "1:ann", needsSecondPerson: false, at: now))
        perform(try machine.prepared(members: members.count, at: now))
    }

    var counts: CampaignCounts {
        var waves = plan.waves.map { _ in CampaignCounts.WaveCounts() }
        for member in members {
            waves[member.wave].members[member.state, default: 0] += 1
            if let failure = member.failure, member.state == .failed {
                waves[member.wave].failures[failure, default: 0] += 1
            }
            if let skip = member.skip, member.state == .skipped {
                waves[member.wave].skips[skip, default: 0] += 1
            }
            if member.state == .suspect, !member.isAbsent {
                waves[member.wave].suspectsAsEvidence += 1
            }
            if member.state == .waiting {
                waves[member.wave].waitingByClock[member.offset, default: 0] += 1
            }
        }
        return CampaignCounts(waves: waves)
    }

    mutating func tick() throws {
        if restarts {
            machine = CampaignMachine(
                plan: try CampaignPlan(decoding: machine.plan.encoded()),
                state: try CampaignState(decoding: machine.state.encoded())
            )
        }
        let phase = machine.state.phase
        let before = counts
        let steps = machine.tick(before, at: now)
        if phase != .running, steps.released > 0 { violations.append("\(phase) releases") }
        perform(steps)
        let inFlight = counts.inFlight
        if steps.released > 0, inFlight > plan.maximumInFlight {
            violations.append("\(inFlight) in flight, \(plan.maximumInFlight) allowed")
        }
        // Asked again at the same moment with what it just did, it releases nothing more.
        var again = machine
        let more = again.tick(counts, at: now)
        if !more.filter({ if case .release = $0 { true } else { false } }).isEmpty {
            violations.append("released twice at one moment")
        }
    }

    mutating func perform(_ steps: [CampaignStep]) {
        for step in steps {
            switch step {
            case .list: break
            case .release(let wave, let count, let offsets): release(wave, count, offsets)
            case .cancelMembers(let wave):
                for index in members.indices where wave == nil || members[index].wave == wave {
                    if [.waiting, .blocked, .released].contains(members[index].state) {
                        move(index, to: .cancelled)
                    }
                }
            case .rollBack(let wave, let count):
                var left = count
                for index in members.indices
                where left > 0 && members[index].state == .settled
                    && (wave == nil || members[index].wave == wave)
                {
                    left -= 1
                    move(index, to: members[index].rollsBack ? .rollingBack : .kept)
                }
                if left > 0 { violations.append("\(left) too many to roll back") }
            case .skipWaiting(let reason):
                for index in members.indices
                where members[index].state == .waiting || members[index].state == .blocked {
                    members[index].skip = reason
                    move(index, to: .skipped)
                }
            case .closeSuspects:
                for index in members.indices where members[index].state == .suspect {
                    close(index)
                }
            case .expectAnew:
                for index in members.indices {
                    members[index].suspectAt = min(members[index].suspectAt, now + 60)
                    members[index].closeAt = min(members[index].closeAt, now + 120)
                }
            case .retry(let kinds):
                for index in members.indices {
                    let isAbsent =
                        members[index].skip == .absent && members[index].state == .skipped
                        && kinds.contains(.silent)
                    let isFailed =
                        members[index].state == .failed
                        && members[index].failure.map(kinds.contains) == true
                    if isAbsent || isFailed { move(index, to: .waiting) }
                }
            case .record(let event): events.append(event)
            }
        }
    }

    private mutating func release(_ wave: Int, _ count: Int, _ offsets: Set<Int>?) {
        var left = count
        for index in members.indices
        where left > 0 && members[index].wave == wave && members[index].state == .waiting
            && offsets.map({ $0.contains(members[index].offset) }) ?? true
        {
            left -= 1
            move(index, to: .released)
            members[index].suspectAt = now + 60
            members[index].closeAt = now + 120
            if !plan.isOpen(at: now, clock: .utc(members[index].offset)) {
                violations.append("released outside its window")
            }
            let earlier = members.contains {
                $0.wave < wave && [.waiting, .released, .offered].contains($0.state)
            }
            if earlier, !plan.isDynamic, !events.contains(where: Self.isRetry) {
                violations.append("wave \(wave) began before an earlier one ended")
            }
        }
        if left > 0 { violations.append("\(left) released that do not wait") }
    }

    private static func isRetry(_ event: CampaignEvent) -> Bool {
        if case .retried = event { true } else { false }
    }

    /// A second in the life of each device.
    mutating func live(_ random: inout SeededGenerator) {
        for index in members.indices {
            let member = members[index]
            switch member.state {
            case .released where member.trouble < 1000 && random.chance(400):
                move(index, to: .offered)
            case .offered where random.chance(500): answer(index, &random)
            case .rollingBack where random.chance(500): move(index, to: .rolledBack)
            case .released, .offered:
                if now >= member.suspectAt {
                    move(index, to: .suspect)
                    machine.record(.suspect(isEvidence: !member.isAbsent))
                }
            case .suspect:
                if now >= member.closeAt { close(index) }
            default: break
            }
        }
    }

    private mutating func answer(_ index: Int, _ random: inout SeededGenerator) {
        if random.chance(members[index].trouble) {
            members[index].failure = .tpmFailed
            move(index, to: .failed)
            machine.record(.failed(.tpmFailed))
        } else {
            move(index, to: .settled)
            machine.record(.settled)
        }
    }

    private mutating func close(_ index: Int) {
        if members[index].isAbsent {
            members[index].skip = .absent
            move(index, to: .skipped)
        } else {
            members[index].failure = .silent
            move(index, to: .failed)
        }
    }

    private mutating func move(_ index: Int, to state: MemberState) {
        if !members[index].state.mayBecome(state) {
            violations.append("\(members[index].state) became \(state)")
        }
        members[index].state = state
    }
}
