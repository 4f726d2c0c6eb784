/// Rows of the audit log that devices cause of themselves: one that has been let in may report nonsense
/// at every contact, and must not be able to fill the disk.
///
/// Held in memory alone. A new start of the server forgives, which is bounded by the starts.
struct Conduct: Sendable {
    /// Rows that one device may cause in an hour: a device that is ahead in all its keys causes half.
    static let perHour = 160
    /// Devices watched at a time; those beyond share one allowance.
    static let watched = 4096

    private struct Entry: Sendable {
        var rows = 0
        var omitted = 0
    }

    private var hour: Int64 = 0
    private var devices: [Int64: Entry] = [:]

    /// How many rows were omitted before, if the device may cause `rows` more; nil if it may not.
    mutating func admit(_ rows: Int, by device: Int64, at now: Int64) -> Int? {
        begin(hour: now / 3600)
        let id = devices[device] != nil || devices.count < Self.watched ? device : 0
        var entry = devices[id] ?? Entry()
        defer { devices[id] = entry }
        guard entry.rows + rows <= Self.perHour else {
            entry.omitted += rows
            return nil
        }
        entry.rows += rows
        defer { entry.omitted = 0 }
        return entry.omitted
    }

    private mutating func begin(hour now: Int64) {
        // A clock that goes back begins an hour, too.
        guard hour != now else { return }
        hour = now
        devices = devices.filter { $0.value.omitted > 0 }.mapValues { entry in
            Entry(rows: 0, omitted: entry.omitted)
        }
    }
}
