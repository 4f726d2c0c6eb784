internal import AdminModel
internal import ArgumentParser
internal import Glibc

/// A number that is written in full, in a range.
private func whole(_ text: some StringProtocol, _ range: ClosedRange<Int>) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(text), range.contains(number)
    else { return nil }
    return number
}

private let anyCount = 1...10_000_000

/// Devices in a minute, as `60/min`, `2/s` or `600/h`.
@Sendable func parseRate(_ text: String) throws(ValidationError) -> Int {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let number = whole(parts[0], anyCount) {
        switch parts[1] {
        case "min", "m": return number
        case "s": return number * 60
        case "h" where number.isMultiple(of: 60): return number / 60
        default: break
        }
    }
    throw ValidationError(
        "want a number of devices and a time, like 60/min, 2/s or 600/h (in whole minutes)"
    )
}

/// A share, as `95%`.
@Sendable func parsePercent(_ text: String) throws(ValidationError) -> Int {
    guard text.last == "%", let share = whole(text.dropLast(), 0...100) else {
        throw ValidationError("want a share from 0% to 100%, like 95%")
    }
    return share
}

extension CampaignPlan.Pace {
    /// `base=10,factor=2,max=600,every=50`, of which only the base is needed.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        var pace = Self(perMinute: 0, factor: 2)
        var seen: Set<Substring> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, seen.insert(pair[0]).inserted else { throw wrongPace }
            switch pair[0] {
            case "base": pace.perMinute = whole(pair[1], anyCount) ?? 0
            case "max":
                guard let number = whole(pair[1], anyCount) else { throw wrongPace }
                pace.maximumPerMinute = number
            case "every":
                guard let number = whole(pair[1], anyCount) else { throw wrongPace }
                pace.every = number
            case "factor":
                guard let factor = Double(pair[1]), factor > 1, factor.isFinite else {
                    throw wrongPace
                }
                pace.factor = factor
            default: throw wrongPace
            }
        }
        guard pace.perMinute > 0 else { throw wrongPace }
        return pace
    }

    private static let wrongPace = ValidationError(
        "want base=10,factor=2,max=600,every=50: devices in a minute to begin with, what the rate is "
            + "multiplied by, the highest rate, and after how many confirmed devices it grows"
    )
}

extension CampaignPlan.Wave {
    /// `5`, `10%`, `rest`, or a query.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        if text == "rest" { return Self(isRest: true) }
        if let count = whole(text, anyCount) { return Self(count: count) }
        if text.last == "%", let share = whole(text.dropLast(), 1...100) {
            return Self(percent: share)
        }
        guard text.contains(where: { "=<>".contains($0) }) || text.contains(" ") else {
            throw ValidationError(
                "want a number of devices like 5, a share like 10%, a query like label.floor=3, or "
                    + "rest for all that are left"
            )
        }
        return Self(query: text)
    }
}

extension CampaignPlan.Window {
    private static let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// `mon-fri 22:00-04:00`, `sat,sun 08:00-20:00` or `daily 01:00-05:00`.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, let days = days(parts[0]) else { throw wrong }
        let times = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard times.count == 2, times.allSatisfy(isTime) else { throw wrong }
        return Self(days: days, from: String(times[0]), to: String(times[1]))
    }

    private static func days(_ text: Substring) -> [String]? {
        if text == "daily" { return week }
        var days: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { week.firstIndex(of: String($0)) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1]
            else { return nil }
            // fri-mon goes over the end of the week.
            var day = first
            days.insert(day)
            while day != last {
                day = (day + 1) % week.count
                days.insert(day)
            }
        }
        return days.sorted().map { week[$0] }
    }

    private static func isTime(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hour = whole(parts[0], 0...24), let minute = whole(parts[1], 0...59)
        else { return false }
        return hour < 24 || minute == 0
    }

    private static let wrong = ValidationError(
        "want days and times in the device's own time, like 'mon-fri 22:00-04:00', "
            + "'sat,sun 08:00-20:00' or 'daily 01:00-05:00'"
    )
}

extension CampaignPlan.StopRule {
    /// `hookFailed>=3:pause`, `any>=5%/100:cancel`; the reaction may be left out.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        guard let mark = text.firstRange(of: ">=") else { throw wrong }
        var rule = Self()
        let kinds = text[..<mark.lowerBound].split(separator: ",", omittingEmptySubsequences: false)
        guard kinds.allSatisfy({ !$0.isEmpty }), !kinds.isEmpty else { throw wrong }
        if kinds != ["any"] { rule.failures = kinds.map(String.init) }
        let rest = text[mark.upperBound...]
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if rest.count == 2 { rule.reaction = String(rest[1]) }
        let limit = rest[0].split(separator: "/", omittingEmptySubsequences: false)
        if limit.count == 1, let count = whole(limit[0], anyCount) {
            rule.count = count
        } else if limit.count == 2, limit[0].last == "%",
            let share = whole(limit[0].dropLast(), 1...100), let sample = whole(limit[1], anyCount)
        {
            (rule.percent, rule.sample) = (share, sample)
        } else if limit.count == 2, let count = whole(limit[0], anyCount),
            let sample = whole(limit[1], anyCount), count <= sample
        {
            // So many of so many: the same as that share, once there are so many.
            (rule.percent, rule.sample) = (max(1, (count * 100 + sample - 1) / sample), sample)
        } else {
            throw wrong
        }
        return rule
    }

    private static let wrong = ValidationError(
        "want a kind of failure (or any), a number or a share with a minimum sample, and what happens: "
            + "'hookFailed>=3:pause', 'any>=5%/100:cancel', 'storeFull,tpmFailed>=3/10:slowDown'"
    )
}

/// Automatic retries, as `storeFull=2`.
@Sendable func parseRetry(_ text: String) throws(ValidationError) -> RetryBudget {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let budget = whole(parts[1], 1...10) else {
        throw ValidationError("want a kind of failure and 1 to 10 retries, like storeFull=2")
    }
    return RetryBudget(kind: String(parts[0]), budget: budget)
}

/// How often one kind of failure is tried again.
struct RetryBudget {
    let kind: String
    let budget: Int
}

/// The moment at which something has to be over: a time, or how far ahead it is.
@Sendable func parseDeadline(_ text: String) throws(ValidationError) -> Timestamp {
    if let time = Timestamp(parsing: text) { return time }
    // Nobody writes the seconds of a deadline.
    if text.hasSuffix("Z"), let time = Timestamp(parsing: text.dropLast() + ":00Z") { return time }
    if let span = TimeSpan(argument: text) {
        return Timestamp(seconds: Int64(Glibc.time(nil)) + Int64(span.seconds))
    }
    throw ValidationError(
        "want a time in UTC like 2026-12-01T00:00Z, or how far ahead it is, like 7d"
    )
}

/// How far a time zone is from UTC, in minutes, as `+02:00`.
@Sendable func parseOffset(_ text: String) throws(ValidationError) -> Int {
    let digits = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    guard let sign = text.first, "+-".contains(sign), digits.count == 2,
        digits.allSatisfy({ $0.utf8.count == 2 }), let hours = whole(digits[0], 0...14),
        let minutes = whole(digits[1], 0...59)
    else { throw ValidationError("want a distance from UTC like +02:00 or -05:30") }
    return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
}
