/// A window is open whenever a device's clock on the wall shows a time within it.
///
/// So in spring a window loses the hour that the clock leaps over, and one that lies in it does not open
/// that day; in autumn the hour that comes twice is in it twice.
extension MaintenanceWindow {
    private static let daySeconds: Int64 = 86_400
    private static let weekSeconds: Int64 = 7 * daySeconds

    /// How long the window is by a clock that does not change, in seconds.
    public var durationSeconds: Int64 {
        Int64(to > from ? to - from : to + 1440 - from) * 60
    }

    /// Whether the window is open at `now` for a device with this clock.
    public func isOpen(at now: Int64, clock: LocalClock) -> Bool {
        secondsLeft(at: now, offset: clock.offset(at: now)) != nil
    }

    /// How long the window stays open, in seconds; nil when it is closed.
    func secondsLeft(at now: Int64, clock: LocalClock) -> Int64? {
        guard var left = secondsLeft(at: now, offset: clock.offset(at: now)) else { return nil }
        var (moment, sum) = (now, Int64(0))
        // Each turn goes over one change, and none lasts longer than a day beyond the last.
        while let change = clock.nextChange(after: moment),
            change.saturatingSubtracting(moment) < left
        {
            sum += change - moment
            moment = change
            guard let more = secondsLeft(at: moment, offset: clock.offset(at: moment)) else {
                return sum
            }
            left = more
        }
        return sum + left
    }

    /// How long until the window opens, in seconds; 0 when it is open.
    func secondsUntilOpen(at now: Int64, clock: LocalClock) -> Int64 {
        var (moment, sum) = (now, Int64(0))
        while true {
            let wait = secondsUntilOpen(at: moment, offset: clock.offset(at: moment))
            guard wait > 0, let change = clock.nextChange(after: moment),
                change.saturatingSubtracting(moment) <= wait
            else { return sum.saturatingAdding(wait) }
            sum += change - moment
            moment = change
        }
    }

    /// The same by a clock that stays so many seconds ahead of UTC.
    fileprivate func secondsLeft(at now: Int64, offset: Int) -> Int64? {
        let second = Self.secondOfWeek(now, offset: offset)
        return weekdays.compactMap { day in
            let since = Self.wrapped(second - begin(of: day))
            return since < durationSeconds ? durationSeconds - since : nil
        }.max()
    }

    fileprivate func secondsUntilOpen(at now: Int64, offset: Int) -> Int64 {
        if secondsLeft(at: now, offset: offset) != nil { return 0 }
        let second = Self.secondOfWeek(now, offset: offset)
        return weekdays.map { Self.wrapped(begin(of: $0) - second) }.min() ?? Self.weekSeconds
    }

    private func begin(of day: Weekday) -> Int64 {
        Int64(day.rawValue - 1) * Self.daySeconds + Int64(from) * 60
    }

    /// Seconds since Monday 00:00 in the device's time.
    private static func secondOfWeek(_ now: Int64, offset: Int) -> Int64 {
        // 1 January 1970 was a Thursday, three days into the week. Reduced first, so nothing overflows.
        wrapped(wrapped(now) + 3 * daySeconds + Int64(offset))
    }

    private static func wrapped(_ seconds: Int64) -> Int64 {
        let rest = seconds % weekSeconds
        return rest < 0 ? rest + weekSeconds : rest
    }
}

extension CampaignPlan {
    /// Whether devices with this clock may be touched now.
    public func isOpen(at now: Int64, clock: LocalClock) -> Bool {
        windows.isEmpty || windows.contains { $0.isOpen(at: now, clock: clock) }
    }

    /// When a window opens next, or `now` if one is open, in seconds since 1970; nil without windows.
    public func firstOpening(from now: Int64, clock: LocalClock) -> Int64? {
        windows.map { now.saturatingAdding($0.secondsUntilOpen(at: now, clock: clock)) }.min()
    }

    /// The clock of a device that says nothing of its own.
    public func standardClock(_ clocks: CampaignClocks) -> LocalClock {
        timeZone == nil ? .utc(utcOffsetMinutes) : clocks.standard ?? .utc(0)
    }

    /// Reads an offset from UTC in minutes, as `+02:00`, `-0330` or `Z`; nil for another text.
    public static func utcOffset(parsing text: String) -> Int? {
        if text == "Z" { return 0 }
        let bytes = Array(text.utf8)
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-")
        else { return nil }
        var digits = Array(bytes.dropFirst())
        if digits.count == 5, digits[2] == UInt8(ascii: ":") { digits.remove(at: 2) }
        guard digits.count == 4, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let numbers = digits.map { Int($0 - 48) }
        let minutes = numbers[2] * 10 + numbers[3]
        guard minutes < 60 else { return nil }
        let offset = (numbers[0] * 10 + numbers[1]) * 60 + minutes
        guard MaintenanceWindow.offsets.contains(offset) else { return nil }
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    /// How many seconds between two moments a window is open for devices with this clock.
    func openSeconds(from start: Int64, until end: Int64, clock: LocalClock) -> Int64 {
        guard end > start else { return 0 }
        guard !windows.isEmpty else { return end.saturatingSubtracting(start) }
        var (moment, open) = (start, Int64(0))
        while moment < end {
            let stop = min(clock.nextChange(after: moment) ?? end, end)
            open += openSeconds(from: moment, until: stop, offset: clock.offset(at: moment))
            moment = stop
        }
        return open
    }

    private func openSeconds(from start: Int64, until end: Int64, offset: Int) -> Int64 {
        let week: Int64 = 7 * 86_400
        let total = end.saturatingSubtracting(start)
        let whole = total / week
        var open = whole > 0 ? whole * openWithin(week, from: start, offset: offset) : 0
        open += openWithin(total % week, from: start, offset: offset)
        return open
    }

    /// Open seconds within at most a week.
    private func openWithin(_ seconds: Int64, from start: Int64, offset: Int) -> Int64 {
        var (open, elapsed): (Int64, Int64) = (0, 0)
        while elapsed < seconds {
            let now = start.saturatingAdding(elapsed)
            if let left = windows.compactMap({ $0.secondsLeft(at: now, offset: offset) }).max() {
                let step = min(left, seconds - elapsed)
                open += step
                elapsed += step
            } else {
                let wait = windows.map { $0.secondsUntilOpen(at: now, offset: offset) }.min() ?? 0
                elapsed += max(wait, 1)
            }
        }
        return open
    }
}
