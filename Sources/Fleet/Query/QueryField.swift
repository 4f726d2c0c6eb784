internal import KeyExchange

/// The left side of a comparison, and what may stand right of it.
enum QueryField: Hashable, CustomStringConvertible {
    case device, group, state, store, level, agent, created, seen, key, anchor
    case label(String)
    case age(KeyName)
    case epoch(KeyName)
    case keyNamed(KeyName)

    /// A value with its place in the text.
    struct Value: Hashable {
        let text: String
        let column: Int
    }

    private static let plain: [(word: String, field: QueryField)] = [
        ("id", .device), ("group", .group), ("state", .state), ("store", .store),
        ("level", .level), ("agent", .agent), ("created", .created), ("seen", .seen),
        ("key", .key), ("anchor", .anchor),
    ]
    private static let prefixes = ["label", "age", "epoch"]

    init(parsing word: String, column: Int) throws(QueryError) {
        if let found = Self.plain.first(where: { $0.word == word }) {
            self = found.field
            return
        }
        let parts = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let prefix = parts.first, let name = parts.last else {
            throw QueryError(column: column, reason: Self.unknown(word))
        }
        switch prefix {
        case "label":
            guard LabelRule.isName(name) else {
                throw QueryError(
                    column: column + 6,
                    reason: "want a label's name of 1 to \(LabelRule.maximumName) of a-z, 0-9, "
                        + "'-', '_' and '.', have \"\(name)\""
                )
            }
            self = .label(String(name))
        case "age": self = .age(try Self.key(name, column: column + 4))
        case "epoch": self = .epoch(try Self.key(name, column: column + 6))
        case "key": self = .keyNamed(try Self.key(name, column: column + 4))
        default: throw QueryError(column: column, reason: Self.unknown(word))
        }
    }

    var description: String {
        switch self {
        case .label(let name): "label.\(name)"
        case .age(let name): "age.\(name)"
        case .epoch(let name): "epoch.\(name)"
        case .keyNamed(let name): "key.\(name)"
        default: Self.plain.first { $0.field == self }?.word ?? ""
        }
    }

    /// What `has` asks for by this field; nil for what every device has.
    var fact: Query.Fact? {
        switch self {
        case .store: .store
        case .level: .level
        case .agent: .agent
        case .seen: .seen
        case .anchor: .anchor
        case .label(let name): .label(name)
        case .keyNamed(let name): .key(name)
        case .age, .epoch, .device, .group, .state, .created, .key: nil
        }
    }

    /// The operators that fit, for error texts.
    var operators: String {
        switch self {
        case .device, .group, .state, .store, .label, .key: "= != in"
        case .created, .seen, .age: "< <= > >="
        case .level, .agent, .epoch, .anchor: "= != < <= > >= in"
        case .keyNamed: "none: write \"has \(self)\""
        }
    }

    private static func key(
        _ text: some StringProtocol,
        column: Int
    ) throws(QueryError) -> KeyName {
        do throws(NameError) {
            return try KeyName(parsing: text)
        } catch {
            throw QueryError(column: column, reason: error.description)
        }
    }

    // MARK: - Misspelt fields

    private static func unknown(_ word: String) -> String {
        let names = plain.map(\.word)
        let list = (names + prefixes.map { $0 + ".NAME" }).joined(separator: ", ")
        let cut = word.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let head = String(cut[0].prefix(32)).lowercased()
        let rest = cut.count == 2 ? "." + cut[1].prefix(64) : ""
        let choices = rest.isEmpty ? names : prefixes
        if rest.isEmpty, prefixes.contains(head) {
            return "\"\(head)\" wants a name after a dot, as in \(head).NAME"
        }
        let near = choices.map { (word: $0, distance: distance(head, $0)) }
            .filter { $0.distance <= max(1, $0.word.count / 2) }
            .min { $0.distance < $1.distance }
        guard let near else {
            return "no field \"\(word.prefix(80))\": want one of \(list)"
        }
        return "no field \"\(word.prefix(80))\": did you mean \"\(near.word)\(rest)\"?"
    }

    /// How many letters to add, drop, change or swap with their neighbour.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var before: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var line = [row + 1]
            for column in right.indices {
                let change = last[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(change, last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    best = min(best, before[column - 1] + 1)
                }
                line.append(best)
            }
            before = last
            last = line
        }
        return last[right.count]
    }
}
