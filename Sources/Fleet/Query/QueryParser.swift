/// Reads the tokens of a query by descent: `or` binds least, then `and`, then `not`.
///
///     query      = either
///     either     = both *( "or" both )
///     both       = opposite *( "and" opposite )
///     opposite   = "not" opposite / "(" either ")" / "all" / condition
///     condition  = "has" fact / field operator value / field ["not"] "in" "(" value *( "," value ) ")"
struct QueryParser {
    static let keywords: Set<String> = ["and", "or", "not", "in", "has", "all"]

    private let tokens: [QueryLexer.Placed]
    private var index = 0
    private var depth = 0
    private var terms = 0

    private init(_ tokens: [QueryLexer.Placed]) { self.tokens = tokens }

    static func parse(_ text: String) throws(QueryError) -> Query.Expression {
        let length = text.utf8.count
        guard length <= Query.maximumLength else {
            throw QueryError(
                column: 1,
                reason: "want at most \(Query.maximumLength) bytes, have \(length)"
            )
        }
        var parser = QueryParser(try QueryLexer.tokens(of: text))
        let expression = try parser.either()
        guard parser.next.token == .end else {
            throw parser.fault("want \"and\", \"or\" or the end, have \(parser.next.token.shown)")
        }
        return expression
    }

    // MARK: - Expressions

    private mutating func either() throws(QueryError) -> Query.Expression {
        var parts = [try both()]
        while take(keyword: "or") { parts.append(try both()) }
        return .joined(parts, isAnd: false)
    }

    private mutating func both() throws(QueryError) -> Query.Expression {
        var parts = [try opposite()]
        while take(keyword: "and") { parts.append(try opposite()) }
        return .joined(parts, isAnd: true)
    }

    private mutating func opposite() throws(QueryError) -> Query.Expression {
        if take(keyword: "not") {
            try enter()
            defer { depth -= 1 }
            return .opposite(of: try opposite())
        }
        if take(sign: "(") {
            try enter()
            defer { depth -= 1 }
            let inner = try either()
            try want(sign: ")", after: "a condition")
            return inner
        }
        if take(keyword: "all") {
            try count()
            return .and([])
        }
        return try condition()
    }

    private mutating func condition() throws(QueryError) -> Query.Expression {
        if take(keyword: "has") {
            try count()
            let column = next.column
            let field = try field()
            guard let fact = field.fact else {
                throw QueryError(
                    column: column,
                    reason: "every device has \"\(field)\": want one of store, level, agent, seen, "
                        + "anchor, label.NAME or key.NAME after \"has\""
                )
            }
            return .condition(.has(fact))
        }
        let field = try field()
        let column = next.column
        if take(keyword: "not") {
            guard take(keyword: "in") else {
                throw fault("want \"in\" after \"not\", have \(next.token.shown)")
            }
            return .opposite(of: try members(of: field, column: column))
        }
        if take(keyword: "in") { return try members(of: field, column: column) }
        guard case .sign(let sign) = next.token, sign != "(", sign != ")", sign != "," else {
            throw fault(
                "want an operator (\(field.operators)) after \"\(field)\", "
                    + "have \(next.token.shown)"
            )
        }
        index += 1
        let isOpposite = sign == "!="
        guard let comparison = Query.Comparison(rawValue: isOpposite ? "=" : sign) else {
            throw QueryError(column: column, reason: "want an operator, have \"\(sign)\"")
        }
        let value = try value()
        try count()
        let condition = try field.condition(comparison, value, column: column)
        return isOpposite ? .opposite(of: .condition(condition)) : .condition(condition)
    }

    private mutating func members(
        of field: QueryField,
        column: Int
    ) throws(QueryError) -> Query.Expression {
        try want(sign: "(", after: "\"in\"")
        var values: [QueryField.Value] = []
        repeat {
            try count()
            values.append(try value())
        } while take(sign: ",")
        try want(sign: ")", after: "a value")
        return try field.membership(values, column: column)
    }

    // MARK: - Tokens

    private var next: QueryLexer.Placed { tokens[index] }

    private mutating func field() throws(QueryError) -> QueryField {
        guard case .word(let word) = next.token else {
            throw fault("want a field, \"not\" or \"(\", have \(next.token.shown)")
        }
        guard !Self.keywords.contains(word.lowercased()) else {
            throw fault("want a field, have the keyword \"\(word)\"")
        }
        let field = try QueryField(parsing: word, column: next.column)
        index += 1
        return field
    }

    private mutating func value() throws(QueryError) -> QueryField.Value {
        let column = next.column
        switch next.token {
        case .word(let word) where Self.keywords.contains(word.lowercased()):
            throw fault("want a value, have the keyword \"\(word)\": put it in quotes")
        case .word(let text), .string(let text):
            index += 1
            return QueryField.Value(text: text, column: column)
        case .sign, .end: throw fault("want a value, have \(next.token.shown)")
        }
    }

    private mutating func take(keyword: String) -> Bool {
        guard case .word(let word) = next.token, word.lowercased() == keyword else { return false }
        index += 1
        return true
    }

    private mutating func take(sign: String) -> Bool {
        guard next.token == .sign(sign) else { return false }
        index += 1
        return true
    }

    private mutating func want(sign: String, after what: String) throws(QueryError) {
        guard take(sign: sign) else {
            throw fault("want \"\(sign)\" after \(what), have \(next.token.shown)")
        }
    }

    private mutating func enter() throws(QueryError) {
        depth += 1
        guard depth <= Query.maximumDepth else {
            throw fault("want at most \(Query.maximumDepth) levels of \"(\" and \"not\"")
        }
    }

    private mutating func count() throws(QueryError) {
        terms += 1
        guard terms <= Query.maximumTerms else {
            throw fault("want at most \(Query.maximumTerms) conditions and values")
        }
    }

    private func fault(_ reason: String) -> QueryError {
        QueryError(column: next.column, reason: reason)
    }
}

extension Query.Expression {
    /// The parts under one `and` or `or`, with those of the same kind taken apart.
    static func joined(_ parts: [Self], isAnd: Bool) -> Self {
        if parts.count == 1 { return parts[0] }
        var flat: [Self] = []
        for part in parts {
            switch part {
            case .and(let inner) where isAnd && !inner.isEmpty: flat += inner
            case .or(let inner) where !isAnd: flat += inner
            case .and, .or, .not, .condition: flat.append(part)
            }
        }
        return isAnd ? .and(flat) : .or(flat)
    }

    /// The opposite; of an opposite, the thing itself.
    static func opposite(of inner: Self) -> Self {
        if case .not(let twice) = inner { return twice }
        return .not(inner)
    }
}

extension Query {
    /// Reads a query from outside.
    public init(parsing text: String) throws(QueryError) {
        expression = try QueryParser.parse(text)
        // What is stored is the canonical text, which can be longer: it must be read back, too.
        do throws(QueryError) {
            _ = try QueryParser.parse(description)
        } catch {
            throw QueryError(column: 1, reason: "written out in full: \(error.reason)")
        }
    }
}
