internal import Fleet
internal import GRDB
internal import KeyExchange

/// The devices of a query, a page at a time, in an order that an index gives.
///
/// A condition that every device must fulfil chooses the index: a label, then a group; otherwise devices
/// go by name. The name of the last device of a page asks for the next one.
struct QueryPages {
    private enum Path {
        case label(String, String)
        case group(GroupName)
        case name
    }

    private let path: Path
    private let condition: QueryCondition

    init(_ query: Query, now: Int64) {
        path = Self.path(of: query)
        condition = QueryCondition(query, now: now)
    }

    /// Selects columns of `device` and of what `join` adds, after the device of this name.
    ///
    /// The rows to be left out are told apart from those of the query: `filter` joins the condition.
    func page(
        select columns: String,
        join: String = "",
        filter: String = "1",
        filterArguments: StatementArguments = [],
        after: String,
        limit: Int
    ) -> (sql: String, arguments: StatementArguments) {
        let tail = "AND \(filter) AND \(condition.sql)"
        switch path {
        case .label(let name, let value):
            return (
                """
                SELECT \(columns)
                FROM device_label AS path CROSS JOIN device \(join)
                WHERE path.label = ? AND path.value = ?
                    AND path.device_id > COALESCE((SELECT id FROM device AS mark
                        WHERE mark.name = ?), 0)
                    AND device.id = path.device_id \(tail)
                ORDER BY path.device_id LIMIT \(limit)
                """,
                [name, value, after] + filterArguments + condition.arguments
            )
        case .group(let name):
            return (
                """
                SELECT \(columns)
                FROM device \(join)
                WHERE device.group_id = (SELECT id FROM device_group AS path WHERE path.name = ?)
                    AND device.name > ? \(tail)
                ORDER BY device.name LIMIT \(limit)
                """,
                [name.description, after] + filterArguments + condition.arguments
            )
        case .name:
            return (
                """
                SELECT \(columns)
                FROM device \(join)
                WHERE device.name > ? \(tail)
                ORDER BY device.name LIMIT \(limit)
                """,
                [after] + filterArguments + condition.arguments
            )
        }
    }

    /// Selects aggregates over all devices of the query.
    func all(
        select columns: String,
        join: String = "",
        filter: String = "1",
        suffix: String = "",
        filterArguments: StatementArguments = []
    ) -> (sql: String, arguments: StatementArguments) {
        let (source, start, first): (String, String, StatementArguments) =
            switch path {
            case .label(let name, let value):
                (
                    "device_label AS path CROSS JOIN device",
                    "path.label = ? AND path.value = ? AND device.id = path.device_id",
                    [name, value]
                )
            case .group(let name):
                (
                    "device",
                    "device.group_id = (SELECT id FROM device_group AS path WHERE path.name = ?)",
                    [name.description]
                )
            case .name: ("device", "1", [])
            }
        return (
            """
            SELECT \(columns) FROM \(source) \(join)
            WHERE \(start) AND \(filter) AND \(condition.sql) \(suffix)
            """,
            first + filterArguments + condition.arguments
        )
    }

    private static func path(of query: Query) -> Path {
        let parts =
            switch query.expression {
            case .and(let parts): parts
            default: [query.expression]
            }
        var group: GroupName?
        for case .condition(let condition) in parts {
            switch condition {
            case .label(let name, let values) where values.count == 1:
                return .label(name, values[0])
            case .group(let names) where names.count == 1: group = names[0]
            default: break
            }
        }
        return group.map { .group($0) } ?? .name
    }
}
