import Fleet
import KeyExchange
import Testing

/// Windows by a clock that leaps forward in spring and back in autumn.
@Suite struct LocalClockTests {
    /// Sunday 29 March 2026, 01:00 UTC: 02:00 becomes 03:00.
    private static let spring: Int64 = 1_774_746_000
    /// Sunday 25 October 2026, 01:00 UTC: 03:00 becomes 02:00.
    private static let autumn: Int64 = 1_792_890_000

    private let berlin = LocalClock(
        offsetSeconds: 3600,
        changes: [
            .init(time: LocalClockTests.autumn, offsetSeconds: 3600),
            .init(time: LocalClockTests.spring, offsetSeconds: 7200),
        ]
    )

    private func sunday(_ from: Int, _ to: Int) throws -> CampaignPlan {
        try Story.plan(windows: [MaintenanceWindow(weekdays: [.sunday], from: from, to: to)])
    }

    /// The minutes around a moment in which a window is open, counted from it.
    private func open(_ plan: CampaignPlan, around moment: Int64) -> [Int] {
        (-300..<300).filter { plan.isOpen(at: moment + Int64($0) * 60, clock: berlin) }
    }

    @Test func `a clock is what its changes say, whatever their order`() {
        let (spring, autumn) = (Self.spring, Self.autumn)
        #expect(berlin.offset(at: .min) == 3600 && berlin.offset(at: spring - 1) == 3600)
        #expect(berlin.offset(at: spring) == 7200 && berlin.offset(at: autumn - 1) == 7200)
        #expect(berlin.offset(at: autumn) == 3600 && berlin.offset(at: .max) == 3600)
        #expect(berlin.nextChange(after: .min) == spring)
        #expect(berlin.nextChange(after: spring) == autumn)
        #expect(berlin.nextChange(after: autumn) == nil)
        #expect(LocalClock.utc(-210).offset(at: 0) == -210 * 60)
    }

    @Test func `in spring a window loses the hour that the clock leaps over`() throws {
        // 01:30 to 04:00 by the wall: half an hour before the leap, one hour after it.
        #expect(open(try sunday(90, 240), around: Self.spring) == Array(-30..<60))
    }

    @Test func `a window within the hour that is left out opens a week later`() throws {
        let plan = try sunday(120, 180)
        #expect(open(plan, around: Self.spring) == [])
        let next = plan.firstOpening(from: Self.spring - 3600, clock: berlin)
        // By the clock of summer.
        #expect(next == Self.spring + 7 * 86_400 - 3600)
    }

    @Test func `in autumn the hour that comes twice is in it twice`() throws {
        #expect(open(try sunday(120, 180), around: Self.autumn) == Array(-60..<60))
        // 02:00 to 02:30 closes, and opens once more.
        let short = try sunday(120, 150)
        #expect(open(short, around: Self.autumn) == Array(-60..<(-30)) + Array(0..<30))
        #expect(short.firstOpening(from: Self.autumn - 1800, clock: berlin) == Self.autumn)
    }

    @Test func `a window over midnight goes on through the change`() throws {
        let night = try Story.plan(windows: [
            MaintenanceWindow(weekdays: [.saturday], from: 22 * 60, to: 4 * 60)
        ])
        // Saturday 21:00 UTC until 04:00 of summer, which is 02:00 UTC: five hours instead of six.
        #expect(open(night, around: Self.spring) == Array(-240..<60))
        // Saturday 20:00 UTC until 04:00 of winter, which is 03:00 UTC.
        #expect(open(night, around: Self.autumn).last == 119)
    }

    @Test func `the next opening is the first minute in which it is open, through all changes`()
        throws
    {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let change = Bool.random(using: &random) ? Self.spring : Self.autumn
            let plan = try Story.plan(windows: [
                MaintenanceWindow(
                    weekdays: Set(
                        MaintenanceWindow.Weekday.allCases.filter { _ in
                            Int.random(in: 0..<4, using: &random) == 0
                        } + [.sunday]
                    ),
                    from: Int.random(in: 0..<1440, using: &random),
                    to: 1440
                )
            ])
            let now = change + Int64.random(in: -2000...400, using: &random) * 60
            let opening = try #require(plan.firstOpening(from: now, clock: berlin))
            var minute = now
            while !plan.isOpen(at: minute, clock: berlin) { minute += 60 }
            #expect(opening == minute, "seed \(seed)")
        }
    }

    @Test func `only so many changes are kept, and no clock is too wrong`() throws {
        let busy = LocalClock(
            offsetSeconds: 0,
            changes: (0..<5000).map {
                LocalClock.Change(time: Int64($0) * 60, offsetSeconds: $0 % 2 * 7200)
            }
        )
        #expect(busy.nextChange(after: Int64(LocalClock.maximumChanges) * 60) == nil)
        let plan = try sunday(60, 90)
        for now in [Int64.min, -1, 0, 3000, .max] {
            for clock in [busy, berlin] {
                _ = plan.isOpen(at: now, clock: clock)
                #expect(try #require(plan.firstOpening(from: now, clock: clock)) >= now)
            }
        }
    }

    @Test func `a clock's number is minutes, or a zone that someone knows`() {
        let clocks = CampaignClocks(zones: [10_003: berlin])
        #expect(clocks[-840] == .utc(-840) && clocks[10_003] == berlin)
        #expect(clocks[841] == nil && clocks[10_004] == nil && clocks[.max] == nil)
    }

    @Test func `for a zone that is not known no window opens, for the others it does`() throws {
        let plan = try Story.plan(windows: [
            MaintenanceWindow(
                weekdays: Set(MaintenanceWindow.Weekday.allCases),
                from: 0,
                to: 1440
            )
        ])
        var machine = try Story.running(plan)
        let counts = CampaignCounts(
            waves: [.init(members: [.waiting: 8], waitingByClock: [10_000: 5, 10_001: 3])],
            clocks: CampaignClocks(zones: [10_001: berlin])
        )
        _ = machine.tick(counts, at: Story.now)
        let steps = machine.tick(counts, at: Story.now + 10)
        #expect(steps == [.release(wave: 0, count: 3, clocks: [10_001])])
    }

    @Test(arguments: ["Europe/Berlin", "UTC", "Etc/GMT+5", "America/Port-au-Prince"])
    func `a zone has a name`(text: String) throws {
        #expect(try TimeZoneName(parsing: text).description == text)
    }

    @Test(
        arguments: [
            "", "/etc/passwd", "../../etc/passwd", "Europe/Berlin\n", "Europe Berlin", "1st",
            "Größe", String(repeating: "a", count: 65),
        ]
    )
    func `another text is no name of a zone`(text: String) {
        #expect(throws: FleetError.self) { try TimeZoneName(parsing: text) }
    }

    @Test func `a plan has a zone or an offset, and is stored with it`() throws {
        let zone = try TimeZoneName(parsing: "Europe/Berlin")
        let plan = try Story.plan(zone: zone)
        #expect(try CampaignPlan(decoding: plan.encoded()) == plan)
        #expect(plan.standardClock(CampaignClocks(standard: berlin)) == berlin)
        #expect(throws: FleetError.self) { try Story.plan(offset: 60, zone: zone) }
    }
}
