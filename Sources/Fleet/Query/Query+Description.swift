internal import KeyExchange

extension Query {
    /// The query in its one canonical form, which parses to the same query.
    public var description: String { expression.text }
}

extension Query.Expression {
    fileprivate var text: String {
        switch self {
        case .condition(let condition): return condition.text(isOpposite: false)
        case .not(.condition(let condition)): return condition.text(isOpposite: true)
        case .not(let inner): return "not (\(inner.text))"
        case .and(let parts):
            guard !parts.isEmpty else { return "all" }
            return parts.map { $0.isOr ? "(\($0.text))" : $0.text }.joined(separator: " and ")
        case .or(let parts): return parts.map(\.text).joined(separator: " or ")
        }
    }

    private var isOr: Bool {
        if case .or = self { true } else { false }
    }
}

extension Query.Condition {
    fileprivate func text(isOpposite: Bool) -> String {
        switch self {
        case .device(let names):
            Self.choice("id", names.map { Self.quoted($0.description) }, isOpposite)
        case .group(let names):
            Self.choice("group", names.map { Self.quoted($0.description) }, isOpposite)
        case .state(let states): Self.choice("state", states.map(\.description), isOpposite)
        case .store(let kinds): Self.choice("store", kinds.map { "\($0)" }, isOpposite)
        case .label(let name, let values):
            Self.choice("label.\(name)", values.map(Self.quoted), isOpposite)
        case .key(let names):
            Self.choice("key", names.map { Self.quoted($0.description) }, isOpposite)
        case .level(let comparison, let level):
            Self.comparison("level", comparison, "\(level)", isOpposite)
        case .agent(let comparison, let version):
            Self.comparison("agent", comparison, "\(version)", isOpposite)
        case .created(let comparison, let seconds):
            Self.comparison("created", comparison, QueryDuration.text(seconds), isOpposite)
        case .seen(let comparison, let seconds):
            Self.comparison("seen", comparison, QueryDuration.text(seconds), isOpposite)
        case .age(let name, let comparison, let seconds):
            Self.comparison("age.\(name)", comparison, QueryDuration.text(seconds), isOpposite)
        case .epoch(let name, let comparison, let number):
            Self.comparison("epoch.\(name)", comparison, "\(number)", isOpposite)
        case .anchor(let comparison, let number):
            Self.comparison("anchor", comparison, "\(number)", isOpposite)
        case .has(let fact): "\(isOpposite ? "not " : "")has \(fact.text)"
        }
    }

    private static func choice(_ field: String, _ values: [String], _ isOpposite: Bool) -> String {
        guard values.count > 1 else {
            return "\(field) \(isOpposite ? "!=" : "=") \(values.first ?? "")"
        }
        return "\(field) \(isOpposite ? "not in" : "in") (\(values.joined(separator: ", ")))"
    }

    private static func comparison(
        _ field: String,
        _ comparison: Query.Comparison,
        _ value: String,
        _ isOpposite: Bool
    ) -> String {
        // Not the opposite sign: for a fact that is not known, both `<` and `>=` are false.
        if isOpposite, comparison != .equal {
            return "not \(field) \(comparison.rawValue) \(value)"
        }
        return "\(field) \(isOpposite ? "!=" : comparison.rawValue) \(value)"
    }

    private static func quoted(_ text: String) -> String {
        if QueryLexer.isWord(text) { return text }
        var quoted = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return "\"\(quoted)\""
    }
}

extension Query.Fact {
    fileprivate var text: String {
        switch self {
        case .store: "store"
        case .level: "level"
        case .agent: "agent"
        case .seen: "seen"
        case .anchor: "anchor"
        case .label(let name): "label.\(name)"
        case .key(let name): "key.\(name)"
        }
    }
}
