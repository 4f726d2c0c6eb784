import Fleet
import KeyExchange
import Testing

@Suite struct CampaignForecastTests {
    private func bucket(
        _ count: Int,
        wave: Int = 0,
        interval: Int64? = 60,
        silent: Int64? = 10,
        offset: Int = 0
    ) -> CampaignForecast.Bucket {
        CampaignForecast.Bucket(
            wave: wave,
            intervalSeconds: interval,
            silentSeconds: silent,
            clock: offset,
            count: count
        )
    }

    private func forecast(
        _ plan: CampaignPlan,
        _ buckets: [CampaignForecast.Bucket]
    ) -> CampaignForecast { CampaignForecast(plan: plan, buckets: buckets, startingAt: Story.now) }

    private func minutes(_ moment: Int64?) -> Double? { moment.map { Double($0 - Story.now) / 60 } }

    @Test func `the pace decides when devices answer at once`() throws {
        let forecast = forecast(try Story.plan(pace: Pace(perMinute: 100)), [bucket(6000)])
        let end = try #require(minutes(forecast.endsAt))
        #expect((60...63).contains(end), "\(end)")
        #expect(forecast.stranded.isEmpty && forecast.warnings.count <= 1)
        #expect(forecast.curve.first?.settled == 0 && forecast.curve.last?.settled == 6000)
        #expect(forecast.curve.count <= 64)
        for (left, right) in zip(forecast.curve, forecast.curve.dropFirst()) {
            #expect(left.time < right.time && left.settled <= right.settled)
        }
    }

    @Test func `the rhythm decides when the pace is fast`() throws {
        let day: Int64 = 86_400
        let forecast = forecast(
            try Story.plan(pace: Pace(perMinute: 100_000), maximumInFlight: 100_000),
            [bucket(1000, interval: day)]
        )
        let end = try #require(minutes(forecast.endsAt))
        #expect((1430...1500).contains(end), "\(end)")
        // Half of them by the half of a day.
        let noon = forecast.curve.min {
            abs($0.time - Story.now - day / 2) < abs($1.time - Story.now - day / 2)
        }
        #expect((400...600).contains(noon?.settled ?? 0))
    }

    @Test func `the limit in flight is a brake, and it says so`() throws {
        let plan = try Story.plan(pace: Pace(perMinute: 6000), maximumInFlight: 100)
        let forecast = forecast(plan, [bucket(10_000, interval: 1200)])
        // A hundred at once, each for ten minutes in the mean: ten in a minute.
        let end = try #require(minutes(forecast.endsAt))
        #expect((900...1200).contains(end), "\(end)")
        #expect(forecast.warnings.contains { $0.contains("in flight") })
    }

    @Test func `waves come one after the other`() throws {
        let plan = try Story.plan(
            pace: Pace(perMinute: 100),
            waves: [Wave(.count(100)), Wave(.rest, successPercent: 90, needsApproval: true)]
        )
        let forecast = forecast(
            plan,
            [bucket(100, interval: 600), bucket(1000, wave: 1, interval: 600)]
        )
        let (first, second) = (forecast.waves[0], forecast.waves[1])
        #expect(first.opensAt == Story.now && first.members == 100)
        #expect(try #require(minutes(first.endsAt)) >= 10)
        #expect(try #require(second.opensAt) >= first.endsAt ?? .max)
        #expect(forecast.endsAt == second.endsAt)
        #expect(forecast.warnings.contains { $0.contains("wave 2 waits for a person") })
    }

    @Test func `a deadline that cannot be met says which rate would be needed`() throws {
        let plan = try Story.plan(pace: Pace(perMinute: 10), deadline: Story.now + 3600)
        let forecast = forecast(plan, [bucket(6000)])
        #expect(forecast.endsAt == nil)
        #expect(
            forecast.warnings.contains {
                $0.contains("needs 100 members in a minute") && $0.contains("allows 10")
            }
        )
        #expect((5350...5450).contains(forecast.stranded[.notReleased] ?? 0))
    }

    @Test func `a deadline raises the rate`() throws {
        let plan = try Story.plan(
            pace: Pace(perMinute: 10, maximumPerMinute: 1000),
            maximumInFlight: 10_000,
            deadline: Story.now + 3600
        )
        let forecast = forecast(plan, [bucket(6000)])
        #expect((forecast.stranded[.notReleased] ?? 0) == 0)
        #expect((forecast.curve.last?.settled ?? 0) >= 5900)
    }

    @Test func `those who will be stranded are counted by reason`() throws {
        let night = try MaintenanceWindow(weekdays: [.monday], from: 20 * 60, to: 22 * 60)
        let plan = try Story.plan(
            pace: Pace(perMinute: 1000),
            windows: [night],
            maximumInFlight: 100_000,
            deadline: Story.now + 8 * 3600
        )
        // Monday, 13:46 UTC; the deadline is before 20:00 for those eight hours behind.
        let forecast = forecast(
            plan,
            [
                bucket(100), bucket(7, silent: nil), bucket(5, interval: 60, silent: 86_400),
                bucket(11, offset: -480), bucket(40, interval: 10 * 86_400, silent: 3600),
            ]
        )
        #expect(forecast.stranded[.neverHeard] == 7)
        #expect(forecast.stranded[.silent] == 5)
        #expect(forecast.stranded[.noWindow] == 11)
        #expect((38...40).contains(forecast.stranded[.slowRhythm] ?? 0))
        #expect(forecast.stranded.values.reduce(0, +) <= 163)
    }

    @Test func `silent devices end as suspects, and hold a gate`() throws {
        let plan = try Story.plan(
            waves: [Wave(.percent(50)), Wave(.percent(50), successPercent: 90)]
        )
        let forecast = forecast(
            plan,
            [bucket(20), bucket(10, silent: nil), bucket(30, wave: 1)]
        )
        #expect(forecast.endsAt != nil)
        #expect(forecast.stranded == [.neverHeard: 10])
        #expect(forecast.warnings.contains { $0.contains("will probably not open by itself") })
    }

    @Test func `nonsense gives a forecast, too`() throws {
        let plan = try Story.plan()
        #expect(forecast(plan, []).warnings == ["the target is empty"])
        let odd = forecast(
            plan,
            [
                bucket(3, interval: 0, silent: -5), bucket(-4), bucket(2, wave: 9),
                bucket(1, interval: .max, silent: .max, offset: .max),
            ]
        )
        #expect(odd.total == 4)
        let late = CampaignForecast(
            plan: try Story.plan(deadline: Story.now),
            buckets: [bucket(5)],
            startingAt: Story.now + 10
        )
        #expect(late.stranded[.notReleased] == 5)
        for moment in [Int64.max - 5, .min, 0] {
            _ = CampaignForecast(plan: plan, buckets: [bucket(5)], startingAt: moment)
        }
    }

    @Test func `a million devices are planned from their histogram`() throws {
        let intervals: [Int64?] = [60, 900, 3600, 21_600, 86_400, 604_800, nil]
        var buckets: [CampaignForecast.Bucket] = []
        for interval in intervals {
            for silent in [60, 3600, 86_400, nil] as [Int64?] {
                for offset in stride(from: -480, through: 480, by: 120) {
                    for wave in 0..<3 {
                        buckets.append(
                            bucket(
                                1323,
                                wave: wave,
                                interval: interval,
                                silent: silent,
                                offset: offset
                            )
                        )
                    }
                }
            }
        }
        let plan = try Story.plan(
            pace: Pace(perMinute: 2000, maximumPerMinute: 5000),
            waves: [Wave(.percent(1)), Wave(.percent(20)), Wave(.rest)],
            windows: [
                MaintenanceWindow(
                    weekdays: Set(MaintenanceWindow.Weekday.allCases),
                    from: 0,
                    to: 300
                )
            ],
            maximumInFlight: 100_000
        )
        let clock = ContinuousClock()
        let took = clock.measure {
            let forecast = forecast(plan, buckets)
            #expect(forecast.total > 990_000)
            #expect(forecast.endsAt != nil)
        }
        print("a forecast over \(buckets.count) buckets took \(took)")
    }
}
