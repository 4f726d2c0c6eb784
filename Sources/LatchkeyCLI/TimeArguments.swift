internal import AdminModel
internal import ArgumentParser
internal import Glibc

/// A length of time as people write it: `90s`, `15m`, `1h`, `30d`.
struct TimeSpan: ExpressibleByArgument, Hashable, CustomStringConvertible {
    let seconds: UInt32

    var description: String { span(seconds) }

    /// As an option's value; says what was expected.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        guard let value = Self(argument: text) else {
            throw ValidationError(
                "want a whole number with s, m, h or d behind it, like 90s, 15m, 1h or 30d; "
                    + "at most \(UInt32.max / 86_400)d"
            )
        }
        return value
    }

    init(seconds: UInt32) { self.seconds = seconds }

    /// For the defaults that help shows.
    var defaultValueDescription: String { span(seconds) }

    init?(argument: String) {
        let units: [Character: UInt32] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }) else { return nil }
        let digits = argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt32(digits)
        else { return nil }
        let (seconds, isTooLong) = number.multipliedReportingOverflow(by: unit)
        guard !isTooLong else { return nil }
        self.seconds = seconds
    }
}

/// A moment, or how long ago it was.
struct Moment: ExpressibleByArgument, Hashable {
    let time: Timestamp

    /// As an option's value; says what was expected.
    @Sendable static func parsing(_ text: String) throws(ValidationError) -> Self {
        guard let value = Self(argument: text) else {
            throw ValidationError(
                "want a day like 2026-03-01, a time like 2026-03-01T12:00:00Z, or how long ago, "
                    + "like 24h"
            )
        }
        return value
    }

    init?(argument: String) {
        if let time = Timestamp(parsing: argument) {
            self.time = time
        } else if let span = TimeSpan(argument: argument) {
            time = Timestamp(seconds: Int64(Glibc.time(nil)) - Int64(span.seconds))
        } else {
            return nil
        }
    }
}

/// A length of time as people say it: its largest unit and the next, like `2h 5m`.
func roughly(_ seconds: Int64) -> String {
    let units: [(String, Int64)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
    let seconds = max(seconds, 0)
    guard let first = units.firstIndex(where: { seconds >= $0.1 }) else { return "0s" }
    let (unit, length) = units[first]
    var words = "\(seconds / length)\(unit)"
    if first + 1 < units.count {
        let rest = seconds % length / units[first + 1].1
        if rest > 0 { words += " \(rest)\(units[first + 1].0)" }
    }
    return words
}
