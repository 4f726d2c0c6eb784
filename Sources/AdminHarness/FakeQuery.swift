internal import AdminModel

/// A small part of the server's queries: `field=value`, joined by `and`.
struct FakeQuery {
    private var terms: [(field: String, value: String)] = []

    init(_ text: String) throws(AdminProblem) {
        var column = 1
        for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false)
            .enumerated()
        {
            if index.isMultiple(of: 2) {
                let parts = word.split(separator: "=", omittingEmptySubsequences: false)
                let field = parts.first.map(String.init) ?? ""
                guard ["group", "state", "store"].contains(field) || field.hasPrefix("label.")
                else {
                    throw Self.problem(text, column, "want a field like group, have \"\(field)\"")
                }
                guard parts.count == 2, !parts[1].isEmpty else {
                    throw Self.problem(text, column + field.count, "want = and a value")
                }
                terms.append((field, String(parts[1])))
            } else if word != "and" {
                throw Self.problem(text, column, "want and, have \"\(word)\"")
            }
            column += word.count + 1
        }
    }

    func matches(_ detail: DeviceDetail) -> Bool {
        terms.allSatisfy { term in
            switch term.field {
            case "group": detail.device.group == term.value
            case "state": detail.device.state == term.value
            case "store": detail.device.store == term.value
            default: detail.labels?[String(term.field.dropFirst(6))] == term.value
            }
        }
    }

    private static func problem(_ text: String, _ column: Int, _ message: String) -> AdminProblem {
        AdminProblem(
            .invalid,
            "bad query, column \(column): \(message)",
            details: [.init(field: "where", input: text, column: column, message: message)]
        )
    }
}

extension FakeFleet {
    /// The devices that a filter finds, by name.
    func devices(_ filter: DeviceFilter) throws(AdminProblem) -> [DeviceDetail] {
        let query = try filter.query.map { text throws(AdminProblem) in try FakeQuery(text) }
        return devices.values
            .filter { filter.group == nil || filter.group == $0.device.group }
            .filter { filter.state == nil || filter.state == $0.device.state }
            .filter { query?.matches($0) ?? true }
            .sorted { $0.device.id < $1.device.id }
    }
}
