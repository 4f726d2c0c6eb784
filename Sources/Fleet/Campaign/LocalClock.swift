/// What a device's clock on the wall shows: how far it is from UTC, and when that changes.
public struct LocalClock: Hashable, Sendable {
    /// The begin or end of summer time, or a change of mind of a parliament.
    public struct Change: Hashable, Sendable {
        /// When, in seconds since 1970.
        public var time: Int64
        /// How far the clock is ahead of UTC from then on, in seconds.
        public var offsetSeconds: Int

        /// States both.
        public init(time: Int64, offsetSeconds: Int) {
            self.time = time
            self.offsetSeconds = offsetSeconds
        }
    }

    /// The most changes that are kept: more than eighty years of a zone with four in a year.
    public static let maximumChanges = 512

    private let first: Int
    private let changes: [Change]

    /// A clock that is `offsetSeconds` ahead of UTC until the first change; later ones than
    /// `maximumChanges` are left out.
    public init(offsetSeconds: Int, changes: [Change] = []) {
        first = offsetSeconds
        self.changes = Array(changes.sorted { $0.time < $1.time }.prefix(Self.maximumChanges))
    }

    /// A clock that never changes, so many minutes ahead of UTC.
    public static func utc(_ minutes: Int) -> LocalClock {
        LocalClock(offsetSeconds: minutes * 60)
    }

    /// How far the clock is ahead of UTC, in seconds.
    public func offset(at now: Int64) -> Int {
        let next = nextIndex(after: now)
        return next == 0 ? first : changes[next - 1].offsetSeconds
    }

    /// When it changes next, in seconds since 1970; nil for never.
    public func nextChange(after now: Int64) -> Int64? {
        let next = nextIndex(after: now)
        return next < changes.count ? changes[next].time : nil
    }

    private func nextIndex(after now: Int64) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].time <= now { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// The clocks of a campaign's members, by the number under which waiting members are counted.
///
/// A number from -840 to 840 is a fixed distance from UTC in minutes. From `firstZone` on they stand for
/// time zones: whoever knows the rules of zones says which.
public struct CampaignClocks: Hashable, Sendable {
    /// The least number of a time zone.
    public static let firstZone = 10_000

    /// The clocks of time zones; one that is not in here is not known, and no window ever opens for it.
    public var zones: [Int: LocalClock]
    /// The clock of the plan's own time zone, if it has one that is known.
    public var standard: LocalClock?

    /// States both.
    public init(zones: [Int: LocalClock] = [:], standard: LocalClock? = nil) {
        self.zones = zones
        self.standard = standard
    }

    /// The clock with a number; nil for one that is not known.
    public subscript(number: Int) -> LocalClock? {
        MaintenanceWindow.offsets.contains(number) ? .utc(number) : zones[number]
    }
}

/// The name of a time zone, as `Europe/Berlin`; whether there is one is another question.
public struct TimeZoneName: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let description: String

    /// 1 to 64 letters, digits and `_ + - /`, a letter first.
    public init(parsing text: some StringProtocol) throws(FleetError) {
        let bytes = Array(text.utf8)
        let isLetter = { (byte: UInt8) in (65...90).contains(byte & 0xdf) }
        guard (1...64).contains(bytes.count), isLetter(bytes[0]),
            bytes.allSatisfy({
                isLetter($0) || (48...57).contains($0) || "_+-/".utf8.contains($0)
            })
        else {
            throw FleetError(
                "want a time zone like Europe/Berlin: 1 to 64 letters, digits and _ + - /"
            )
        }
        description = String(text)
    }
}
