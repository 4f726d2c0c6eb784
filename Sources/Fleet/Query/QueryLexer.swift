/// Cuts the text of a query into words, strings and signs.
struct QueryLexer {
    enum Token: Hashable {
        case word(String)
        case string(String)
        case sign(String)
        case end

        /// The token as an error text shows it.
        var shown: String {
            switch self {
            case .word(let text), .sign(let text): "\"\(text)\""
            case .string: "a text in quotes"
            case .end: "the end"
            }
        }
    }

    struct Placed {
        let token: Token
        let column: Int
    }

    private let characters: [Unicode.Scalar]
    private var index = 0

    private init(_ text: String) { characters = Array(text.unicodeScalars) }

    /// All tokens, `end` last.
    static func tokens(of text: String) throws(QueryError) -> [Placed] {
        var lexer = QueryLexer(text)
        var tokens: [Placed] = []
        while true {
            let next = try lexer.next()
            tokens.append(next)
            if next.token == .end { return tokens }
        }
    }

    /// Whether a value can stand without quotes.
    static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy(isWordPart)
            && !QueryParser.keywords.contains(text.lowercased())
    }

    private mutating func next() throws(QueryError) -> Placed {
        while index < characters.count, Self.isSpace(characters[index]) { index += 1 }
        let column = index + 1
        guard index < characters.count else { return Placed(token: .end, column: column) }
        let first = characters[index]
        if Self.isWordPart(first) {
            let start = index
            while index < characters.count, Self.isWordPart(characters[index]) { index += 1 }
            return Placed(token: .word(text(start..<index)), column: column)
        }
        if first == "\"" { return Placed(token: .string(try string()), column: column) }
        for sign in ["!=", "<=", ">=", "=", "<", ">", "(", ")", ","]
        where text(index..<min(index + sign.unicodeScalars.count, characters.count)) == sign {
            index += sign.unicodeScalars.count
            return Placed(token: .sign(sign), column: column)
        }
        let shown = Self.isShowable(first) ? "\"\(first)\"" : "a character that cannot be shown"
        throw QueryError(
            column: column,
            reason: "want a word, a text in quotes, an operator or a parenthesis, have \(shown)"
        )
    }

    private mutating func string() throws(QueryError) -> String {
        let start = index
        index += 1
        var text = String.UnicodeScalarView()
        while index < characters.count {
            let character = characters[index]
            let column = index + 1
            index += 1
            switch character {
            case "\"": return String(text)
            case "\\":
                guard index < characters.count, ["\"", "\\"].contains(characters[index]) else {
                    throw QueryError(column: column, reason: "want \\\" or \\\\ after a backslash")
                }
                text.append(characters[index])
                index += 1
            default:
                guard Self.isShowable(character) else {
                    throw QueryError(
                        column: column,
                        reason: "want no control characters in a text"
                    )
                }
                text.append(character)
            }
        }
        throw QueryError(column: start + 1, reason: "this text has no closing quote")
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: characters[range])
        return String(view)
    }

    private static func isSpace(_ character: Unicode.Scalar) -> Bool {
        character == " " || character == "\t" || character == "\n" || character == "\r"
    }

    // Control and format characters could steer a terminal, or turn the reading direction.
    static func isShowable(_ character: Unicode.Scalar) -> Bool {
        switch character.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
            false
        default: true
        }
    }

    private static func isWordPart(_ character: Unicode.Scalar) -> Bool {
        guard character.isASCII else { return false }
        return switch character {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", ":", "/", "@", "+": true
        default: false
        }
    }
}
