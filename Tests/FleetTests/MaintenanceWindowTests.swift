import Fleet
import Testing

@Suite struct MaintenanceWindowTests {
    /// Monday 5 January 1970, 00:00 UTC.
    private let monday: Int64 = 4 * 86_400

    private func window(
        _ days: Set<MaintenanceWindow.Weekday>,
        _ from: Int,
        _ to: Int
    ) throws -> MaintenanceWindow { try MaintenanceWindow(weekdays: days, from: from, to: to) }

    @Test func `a window is open from its first second to the one before its end`() throws {
        let night = try window([.monday], 60, 120)
        #expect(!night.isOpen(at: monday + 3599, clock: .utc(0)))
        #expect(night.isOpen(at: monday + 3600, clock: .utc(0)))
        #expect(night.isOpen(at: monday + 7199, clock: .utc(0)))
        #expect(!night.isOpen(at: monday + 7200, clock: .utc(0)))
        #expect(!night.isOpen(at: monday + 86_400 + 3600, clock: .utc(0)))
        #expect(night.isOpen(at: monday + 7 * 86_400 + 3600, clock: .utc(0)))
    }

    @Test func `a window over midnight belongs to the day on which it begins`() throws {
        let night = try window([.sunday], 22 * 60, 4 * 60)
        #expect(night.durationSeconds == 6 * 3600)
        #expect(night.isOpen(at: monday - 2 * 3600, clock: .utc(0)))
        #expect(night.isOpen(at: monday, clock: .utc(0)))
        #expect(night.isOpen(at: monday + 4 * 3600 - 1, clock: .utc(0)))
        #expect(!night.isOpen(at: monday + 4 * 3600, clock: .utc(0)))
        #expect(!night.isOpen(at: monday + 22 * 3600, clock: .utc(0)))
    }

    @Test func `a whole day is open to its last second`() throws {
        let day = try window([.monday], 0, 1440)
        #expect(day.isOpen(at: monday, clock: .utc(0)))
        #expect(day.isOpen(at: monday + 86_399, clock: .utc(0)))
        #expect(!day.isOpen(at: monday + 86_400, clock: .utc(0)))
        let always = try window(Set(MaintenanceWindow.Weekday.allCases), 0, 1440)
        for hour in 0..<200 {
            #expect(always.isOpen(at: monday + Int64(hour) * 3600, clock: .utc(0)))
        }
    }

    @Test func `a window is open by the device's time`() throws {
        let night = try window([.monday], 60, 120)
        // Two hours ahead of UTC, Monday 01:00 is Sunday 23:00 UTC.
        #expect(night.isOpen(at: monday - 3600, clock: .utc(120)))
        #expect(!night.isOpen(at: monday + 3600, clock: .utc(120)))
        #expect(night.isOpen(at: monday + 4 * 3600 + 1800, clock: .utc(-210)))
    }

    @Test(arguments: [Int64.min, -1, 0, 2_147_483_648, .max] as [Int64])
    func `no clock is too wrong to ask`(now: Int64) throws {
        let plan = try Story.plan(windows: [window([.monday], 60, 120)])
        for offset in [-840, 0, 840] {
            _ = plan.isOpen(at: now, clock: .utc(offset))
            _ = plan.firstOpening(from: now, clock: .utc(offset))
        }
    }

    @Test func `the next opening is the first minute in which it is open`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let plan = try Story.plan(windows: [
                window(
                    [.monday, MaintenanceWindow.Weekday.allCases.randomElement(using: &random)]
                        .reduce(into: []) { if let day = $1 { $0.insert(day) } },
                    Int.random(in: 0...700, using: &random),
                    Int.random(in: 701...1440, using: &random)
                )
            ])
            let offset = Int.random(in: -840...840, using: &random)
            let now = Int64.random(in: 0...4_000_000_000, using: &random) / 60 * 60
            let opening = try #require(plan.firstOpening(from: now, clock: .utc(offset)))
            var minute = now
            while !plan.isOpen(at: minute, clock: .utc(offset)) { minute += 60 }
            #expect(opening == minute, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("+02:00", 120), ("-03:30", -210), ("+0530", 330), ("Z", 0), ("+14:00", 840), ("-00:00", 0),
    ])
    func `an offset is read from a label`(text: String, minutes: Int) {
        #expect(CampaignPlan.utcOffset(parsing: text) == minutes)
    }

    @Test(arguments: [
        "", "2", "+2", "02:00", "+02:60", "+14:01", "+15:00", "+2:000", "CET", "+0a:00",
    ])
    func `another text is no offset`(text: String) {
        #expect(CampaignPlan.utcOffset(parsing: text) == nil)
    }
}

@Suite struct SilenceTests {
    @Test func `a device gets a multiple of its rhythm, within bounds`() throws {
        let silence = try Silence(factorTenths: 25, floorSeconds: 100, ceilingSeconds: 10_000)
        #expect(silence.allowance(interval: 1) == 100)
        #expect(silence.allowance(interval: 1000) == 2500)
        #expect(silence.allowance(interval: 8000) == 10_000)
        #expect(silence.allowance(interval: nil) == 10_000)
        #expect(silence.allowance(interval: 0) == 10_000)
        #expect(silence.allowance(interval: -5) == 10_000)
        #expect(silence.allowance(interval: .max) == 10_000)
        #expect(silence.suspectAt(releasedAt: 50, interval: 1000) == 2550)
        #expect(silence.closeAt(suspectAt: 2550, interval: 1000) == 5050)
        #expect(silence.suspectAt(releasedAt: .max, interval: 1000) == .max)
    }

    @Test func `who was overdue before is silent for a reason of its own`() {
        let silence = Silence.standard
        let isEvidence = { (lastSeen: Int64?) in
            silence.isEvidence(releasedAt: 100_000, lastSeenBefore: lastSeen, interval: 3600)
        }
        #expect(isEvidence(100_000))
        #expect(isEvidence(100_000 - 3 * 3600))
        #expect(!isEvidence(100_000 - 3 * 3600 - 1))
        #expect(!isEvidence(nil))
        #expect(!isEvidence(.min))
        // A clock that was set back.
        #expect(isEvidence(200_000))
    }

    @Test(
        arguments: [
            (10, 900, 9000), (1001, 900, 9000), (30, 59, 9000), (30, 900, 899),
            (30, 900, 99_999_999),
        ]
            as [(Int, Int64, Int64)]
    )
    func `bounds that make no sense are refused`(factor: Int, floor: Int64, ceiling: Int64) {
        #expect(throws: FleetError.self) {
            try Silence(factorTenths: factor, floorSeconds: floor, ceilingSeconds: ceiling)
        }
    }
}
