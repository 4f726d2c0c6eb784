internal import AdminModel

extension AdminClient {
    /// Prints a whole list, as a table or as JSON.
    func list<Item: Codable & Sendable>(
        of path: String,
        _ parameters: [(String, String?)] = [],
        limit: Int? = nil,
        asJSON: Bool,
        table: Table,
        ifEmpty hint: String,
        row: (Item) -> [String]
    ) async throws {
        if asJSON {
            var list = JSONList()
            try await pages(of: path, parameters, limit: limit) { (items: [Item]) in
                try list.print(items)
            }
            return list.end()
        }
        var table = table
        try await pages(of: path, parameters, limit: limit) { (items: [Item]) in
            table.print(items.map(row))
        }
        if table.count == 0 { Console.current.note(hint) }
    }
}

/// A value for a table; a dash where there is none.
func shown(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "-" }

/// A number and its noun.
func counted(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(noun)s"
}
