extension MaintenanceWindow {
    private static let daySeconds: Int64 = 86_400
    private static let weekSeconds: Int64 = 7 * daySeconds

    /// How long the window is, in seconds.
    public var durationSeconds: Int64 {
        Int64(to > from ? to - from : to + 1440 - from) * 60
    }

    /// Whether the window is open at `now` for a device whose time is `offset` minutes ahead of UTC.
    public func isOpen(at now: Int64, offset: Int) -> Bool {
        secondsLeft(at: now, offset: offset) != nil
    }

    /// How long the window stays open, in seconds; nil when it is closed.
    func secondsLeft(at now: Int64, offset: Int) -> Int64? {
        let second = Self.secondOfWeek(now, offset: offset)
        return weekdays.compactMap { day in
            let since = Self.wrapped(second - begin(of: day))
            return since < durationSeconds ? durationSeconds - since : nil
        }.max()
    }

    /// How long until the window opens, in seconds; 0 when it is open.
    func secondsUntilOpen(at now: Int64, offset: Int) -> Int64 {
        if isOpen(at: now, offset: offset) { return 0 }
        let second = Self.secondOfWeek(now, offset: offset)
        return weekdays.map { Self.wrapped(begin(of: $0) - second) }.min() ?? Self.weekSeconds
    }

    private func begin(of day: Weekday) -> Int64 {
        Int64(day.rawValue - 1) * Self.daySeconds + Int64(from) * 60
    }

    /// Seconds since Monday 00:00 in the device's time.
    private static func secondOfWeek(_ now: Int64, offset: Int) -> Int64 {
        // 1 January 1970 was a Thursday, three days into the week. Reduced first, so nothing overflows.
        wrapped(wrapped(now) + 3 * daySeconds + Int64(offset) * 60)
    }

    private static func wrapped(_ seconds: Int64) -> Int64 {
        let rest = seconds % weekSeconds
        return rest < 0 ? rest + weekSeconds : rest
    }
}

extension CampaignPlan {
    /// Whether devices at this offset from UTC may be touched now.
    public func isOpen(at now: Int64, offset: Int) -> Bool {
        windows.isEmpty || windows.contains { $0.isOpen(at: now, offset: offset) }
    }

    /// When a window opens next, or `now` if one is open, in seconds since 1970; nil without windows.
    public func firstOpening(from now: Int64, offset: Int) -> Int64? {
        windows.map { now.saturatingAdding($0.secondsUntilOpen(at: now, offset: offset)) }.min()
    }

    /// A device's offset from UTC in minutes: of its label `utc-offset` (`+02:00`, `-0330` or `Z`), or the plan's.
    public func utcOffset(label: String?) -> Int {
        label.flatMap(Self.utcOffset(parsing:)) ?? utcOffsetMinutes
    }

    /// Reads an offset from UTC in minutes; nil for another text.
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
}
