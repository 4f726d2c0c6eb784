internal import Fleet
internal import GRDB
internal import KeyExchange

/// A query as a condition on a row of `device`, its values apart from the text.
///
/// Every part is 0 or 1 and never NULL, so that `NOT` means what the query says of facts that are missing.
/// The plus signs keep indexes out of it: the path of a page is chosen elsewhere, with its order.
struct QueryCondition {
    private(set) var sql = ""
    private(set) var arguments = StatementArguments()
    private let now: Int64

    init(_ query: Query, now: Int64) {
        self.now = now
        sql = text(of: query.expression)
    }

    private mutating func text(of expression: Query.Expression) -> String {
        switch expression {
        case .condition(let condition): text(of: condition)
        case .not(let inner): "NOT (\(text(of: inner)))"
        case .and(let parts): joined(parts, by: " AND ", empty: "1")
        case .or(let parts): joined(parts, by: " OR ", empty: "0")
        }
    }

    private mutating func joined(
        _ parts: [Query.Expression],
        by word: String,
        empty: String
    ) -> String {
        guard !parts.isEmpty else { return empty }
        var texts: [String] = []
        for part in parts { texts.append(text(of: part)) }
        return "(" + texts.joined(separator: word) + ")"
    }

    private mutating func text(of condition: Query.Condition) -> String {
        switch condition {
        case .device(let names): return "device.name IN \(list(names.map(\.description)))"
        case .group(let names):
            return """
                +device.group_id IN (SELECT id FROM device_group
                    WHERE device_group.name IN \(list(names.map(\.description))))
                """
        case .state(let states): return "+device.state IN \(list(states.map(\.rawValue)))"
        case .store(let kinds): return known("device.store", "IN \(list(kinds.map(\.rawValue)))")
        case .level(let comparison, let level):
            return known("device.security_level", comparison, Int64(level.rawValue))
        case .agent(let comparison, let version):
            return known("device.agent_order", comparison, version.sortKey)
        case .created(let comparison, let seconds):
            return known("device.created_at", comparison.reversed, moment(seconds))
        case .seen(let comparison, let seconds):
            return known("device.last_seen", comparison.reversed, moment(seconds))
        case .label(let name, let values):
            return label(name, "AND device_label.value IN ", values)
        case .key(let names):
            return key(names, "")
        case .age(let name, let comparison, let seconds):
            return key(
                [name],
                "AND device_key.created_at \(comparison.reversed.rawValue) ?",
                moment(seconds)
            )
        case .epoch(let name, let comparison, let number):
            return key([name], "AND device_key.epoch \(comparison.rawValue) ?", Int64(number))
        case .anchor(let comparison, let number):
            return known(Self.anchor, comparison, Int64(number))
        case .has(let fact): return text(of: fact)
        }
    }

    private mutating func text(of fact: Query.Fact) -> String {
        switch fact {
        case .store: "device.store IS NOT NULL"
        case .level: "device.security_level IS NOT NULL"
        case .agent: "device.agent_order IS NOT NULL"
        case .seen: "device.last_seen IS NOT NULL"
        case .anchor: "\(Self.anchor) IS NOT NULL"
        case .label(let name): label(name, "", [])
        case .key(let name): key([name], "")
        }
    }

    private static let anchor = "device.pinned"

    private mutating func known(
        _ column: String,
        _ comparison: Query.Comparison,
        _ value: Int64
    ) -> String {
        arguments += [value]
        return known(column, "\(comparison.rawValue) ?")
    }

    private func known(_ column: String, _ test: String) -> String {
        "(\(column) IS NOT NULL AND \(column) \(test))"
    }

    private mutating func label(_ name: String, _ test: String, _ values: [String]) -> String {
        arguments += [name]
        let test = values.isEmpty ? "" : test + list(values)
        return """
            EXISTS (SELECT 1 FROM device_label WHERE device_label.device_id = device.id
                AND device_label.label = ? \(test))
            """
    }

    private mutating func key(_ names: [KeyName], _ test: String, _ value: Int64? = nil) -> String {
        let names = list(names.map(\.description))
        if let value { arguments += [value] }
        return """
            EXISTS (SELECT 1 FROM device_key WHERE device_key.device_id = device.id
                AND device_key.name IN \(names) AND device_key.state = 3 \(test))
            """
    }

    private mutating func list(_ values: [some DatabaseValueConvertible]) -> String {
        arguments += StatementArguments(values)
        return "(" + values.map { _ in "?" }.joined(separator: ", ") + ")"
    }

    /// The moment that is so many seconds ago.
    private func moment(_ seconds: Int64) -> Int64 {
        let (moment, overflows) = now.subtractingReportingOverflow(seconds)
        return overflows ? (seconds > 0 ? .min : .max) : moment
    }
}

extension Query.Comparison {
    /// The comparison of moments that says the same as this one of ages.
    fileprivate var reversed: Self {
        switch self {
        case .equal: .equal
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}
