/// A stretch of time, on some days of the week, in which devices may be touched; in the device's own time.
public struct MaintenanceWindow: Hashable, Sendable {
    /// A day of the week.
    public enum Weekday: Int, Hashable, Sendable, CaseIterable, Comparable, CustomStringConvertible
    {
        case monday = 1, tuesday, wednesday, thursday, friday, saturday, sunday

        /// The three letters used in JSON and on the command line.
        public var description: String {
            switch self {
            case .monday: "mon"
            case .tuesday: "tue"
            case .wednesday: "wed"
            case .thursday: "thu"
            case .friday: "fri"
            case .saturday: "sat"
            case .sunday: "sun"
            }
        }

        /// Reads the three letters; nil for other ones.
        public init?(parsing text: some StringProtocol) {
            guard let match = Self.allCases.first(where: { $0.description == text })
            else { return nil }
            self = match
        }

        /// Orders from Monday.
        public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Minutes of a day; `to` may be the end of it.
    public static let minutes = 0...1440
    /// How far a device's time can be from UTC, in minutes.
    public static let offsets = -14 * 60...14 * 60

    /// The days on which the window begins.
    public let weekdays: Set<Weekday>
    /// The minute of the day at which it begins.
    public let from: Int
    /// The minute at which it is over: of the next day if it is not after `from`.
    public let to: Int

    /// Refuses a window that never opens.
    public init(weekdays: Set<Weekday>, from: Int, to: Int) throws(FleetError) {
        guard !weekdays.isEmpty else {
            throw FleetError("the window never opens: it names no day of the week")
        }
        guard Self.minutes.dropLast().contains(from), Self.minutes.contains(to) else {
            throw FleetError(
                "want a window from 00:00 to 24:00, have minutes \(from) to \(to) of the day"
            )
        }
        guard from != to else {
            throw FleetError(
                "the window never opens: it ends when it begins (a whole day is 00:00 to 24:00)"
            )
        }
        self.weekdays = weekdays
        self.from = from
        self.to = to
    }
}
