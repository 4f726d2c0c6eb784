internal import Fleet

/// Where the devices of a target are, by what their labels say; numbers of zones count for one outlook alone.
struct OutlookPlaces {
    /// The most labels that a warning names.
    private static let named = 5

    private let plan: CampaignPlan
    private var numbers: [TimeZoneName: Int] = [:]
    private var unknown: [String: Int] = [:]
    private(set) var clocks: CampaignClocks
    /// The texts of `ClockLabel.sql` by whose clock no window opens before the deadline; empty for none.
    private(set) var closed: [String] = []
    private var judged: Set<String> = []

    init(_ plan: CampaignPlan) {
        self.plan = plan
        clocks = plan.clocks
    }

    /// Devices that would be left out, since nobody knows what time they have.
    var lost: Int { unknown.values.reduce(0, +) }

    /// The number of a clock that so many devices have; nil for one that is not known.
    mutating func number(_ label: ClockLabel, count: Int) -> Int? {
        if plan.windows.isEmpty { return 0 }
        switch label {
        case .none: return plan.timeZone.map { number(of: $0) } ?? plan.utcOffsetMinutes
        case .offset(let minutes): return minutes
        case .zone(let name): return number(of: name)
        case .unknown(let text):
            unknown[text, default: 0] += count
            return nil
        }
    }

    /// Remembers whether a device with this text has a window in time.
    mutating func judge(_ text: String?, number: Int, from now: Int64) {
        guard let deadline = plan.deadline, !plan.windows.isEmpty,
            judged.insert(text ?? "").inserted, let clock = clocks[number]
        else { return }
        let opening = plan.firstOpening(from: now, clock: clock)
        if opening.map({ $0 >= deadline }) ?? true { closed.append(text ?? "") }
    }

    private mutating func number(of zone: TimeZoneName) -> Int {
        if let number = numbers[zone] { return number }
        let number = CampaignClocks.firstZone + numbers.count
        numbers[zone] = number
        clocks.zones[number] = TimeZones.clock(zone)
        return number
    }

    var warnings: [String] {
        guard lost > 0 else { return [] }
        let texts = unknown.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let shown = texts.prefix(Self.named).map { text, count in
            let name = try? TimeZoneName(parsing: text)
            let meant = name.flatMap { TimeZones.suggestion(for: $0) }
            return "\"\(text)\" on \(count)" + (meant.map { ", perhaps \($0)" } ?? "")
        }
        let rest = texts.count > Self.named ? "; and \(texts.count - Self.named) more" : ""
        return [
            "\(lost) devices would be left out: their label \(CampaignPlan.zoneLabel) or "
                + "\(CampaignPlan.offsetLabel) says no time that is known (\(shown.joined(separator: "; "))"
                + "\(rest))"
        ]
    }
}
