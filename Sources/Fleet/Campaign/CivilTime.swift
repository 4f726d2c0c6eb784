/// A moment as `2026-11-24T00:15:00Z`.
func utc(_ time: Int64) -> String {
    let days = time >= 0 ? time / 86_400 : (time - 86_399) / 86_400
    let second = time - days * 86_400
    // Civil date from days, by eras of 400 years that begin on 1 March.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let padding = year >= 0 && year < 1000 ? String(repeating: "0", count: 4 - "\(year)".count) : ""
    return "\(padding)\(year)-\(two(month))-\(two(day))T\(two(second / 3600)):"
        + "\(two(second / 60 % 60)):\(two(second % 60))Z"
}
