internal import Fleet
internal import Foundation
internal import Synchronization

/// The rules of time zones, as the runtime that the server was built with knows them.
enum TimeZones {
    /// Changes before and after these years move no window any more.
    private static let years = (
        from: Date(timeIntervalSince1970: 1_577_836_800),
        to: Date(timeIntervalSince1970: 4_102_444_800)
    )
    // As many as there are zones: a name that is none is not kept.
    private static let known = Mutex<[TimeZoneName: LocalClock]>([:])

    /// The clock of a zone; nil when there is none of this name.
    static func clock(_ name: TimeZoneName) -> LocalClock? {
        if let clock = known.withLock({ $0[name] }) { return clock }
        guard let zone = TimeZone(identifier: name.description) else { return nil }
        var changes: [LocalClock.Change] = []
        var moment = years.from
        while changes.count < LocalClock.maximumChanges,
            let next = zone.nextDaylightSavingTimeTransition(after: moment),
            next > moment, next < years.to
        {
            moment = next
            changes.append(
                LocalClock.Change(
                    time: Int64(next.timeIntervalSince1970),
                    offsetSeconds: zone.secondsFromGMT(for: next)
                )
            )
        }
        let clock = LocalClock(
            offsetSeconds: zone.secondsFromGMT(for: years.from),
            changes: changes
        )
        known.withLock { $0[name] = clock }
        return clock
    }

    /// What an unknown name was probably meant to be, if it is close to one.
    static func suggestion(for name: TimeZoneName) -> String? {
        let wanted = Array(name.description.lowercased().utf8)
        let distances = TimeZone.knownTimeZoneIdentifiers.map { zone in
            (zone: zone, distance: distance(wanted, Array(zone.lowercased().utf8)))
        }
        guard let nearest = distances.min(by: { $0.distance < $1.distance }),
            nearest.distance <= 3
        else { return nil }
        return nearest.zone
    }

    /// Letters to change, put in or leave out (Levenshtein); of at most 64 bytes each.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let cost = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[right.count]
    }
}

/// What a device's labels say of its clock.
enum ClockLabel: Hashable {
    /// Nothing: the plan's own clock holds.
    case none
    /// So many minutes ahead of UTC.
    case offset(Int)
    case zone(TimeZoneName)
    /// Something that is neither; the text is kept to be shown.
    case unknown(String)

    /// The labels of the device of a row of `device`, as one text: the time zone goes before the offset.
    static let sql = """
        COALESCE(
            (SELECT 'z' || value FROM device_label AS zone WHERE zone.device_id = device.id
                AND zone.label = '\(CampaignPlan.zoneLabel)'),
            (SELECT 'o' || value FROM device_label AS zone WHERE zone.device_id = device.id
                AND zone.label = '\(CampaignPlan.offsetLabel)'))
        """

    /// Reads what `sql` found.
    init(_ text: String?) {
        guard let text, let kind = text.first else {
            self = .none
            return
        }
        let value = String(text.dropFirst())
        if kind == "z" {
            let name = try? TimeZoneName(parsing: value)
            self = name.flatMap { TimeZones.clock($0) == nil ? nil : .zone($0) } ?? .unknown(value)
        } else {
            self = CampaignPlan.utcOffset(parsing: value).map { .offset($0) } ?? .unknown(value)
        }
    }
}
