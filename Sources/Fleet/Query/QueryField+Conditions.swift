internal import KeyExchange

/// From a field, an operator and values to a condition.
extension QueryField {
    /// The condition `field operator value`; `column` is the operator's.
    func condition(
        _ comparison: Query.Comparison,
        _ value: Value,
        column: Int
    ) throws(QueryError) -> Query.Condition {
        switch self {
        case .created: return .created(try order(comparison, column), seconds: try value.seconds())
        case .seen: return .seen(try order(comparison, column), seconds: try value.seconds())
        case .age(let key):
            return .age(key, try order(comparison, column), seconds: try value.seconds())
        case .level: return .level(comparison, try value.level())
        case .agent: return .agent(comparison, try value.version())
        case .epoch(let key): return .epoch(key, comparison, try value.number())
        case .anchor: return .anchor(comparison, try value.number())
        case .device, .group, .state, .store, .label, .key:
            guard comparison == .equal else { throw unfit(comparison.rawValue, column) }
            return try choice([value])
        case .keyNamed: throw unfit(comparison.rawValue, column)
        }
    }

    /// The condition `field in (values)`.
    func membership(_ values: [Value], column: Int) throws(QueryError) -> Query.Expression {
        switch self {
        case .device, .group, .state, .store, .label, .key:
            return .condition(try choice(values))
        case .level, .agent, .epoch, .anchor:
            var parts: [Query.Expression] = []
            for value in values {
                parts.append(.condition(try condition(.equal, value, column: column)))
            }
            return .joined(parts, isAnd: false)
        case .created, .seen, .age, .keyNamed: throw unfit("in", column)
        }
    }

    private func choice(_ values: [Value]) throws(QueryError) -> Query.Condition {
        switch self {
        case .device:
            return .device(try values.distinct { value throws(QueryError) in try value.name() })
        case .group:
            return .group(try values.distinct { value throws(QueryError) in try value.name() })
        case .key: return .key(try values.distinct { value throws(QueryError) in try value.name() })
        case .state:
            return .state(try values.distinct { value throws(QueryError) in try value.state() })
        case .store:
            return .store(try values.distinct { value throws(QueryError) in try value.store() })
        case .label(let name):
            return .label(
                name,
                try values.distinct { value throws(QueryError) in try value.label() }
            )
        case .level, .agent, .created, .seen, .anchor, .age, .epoch, .keyNamed:
            preconditionFailure("\(self) has no list of values")
        }
    }

    private func order(
        _ comparison: Query.Comparison,
        _ column: Int
    ) throws(QueryError) -> Query.Comparison {
        // Two moments are never the same second by more than chance.
        guard comparison != .equal else { throw unfit("=", column) }
        return comparison
    }

    private func unfit(_ sign: String, _ column: Int) -> QueryError {
        QueryError(
            column: column,
            reason: "\"\(sign)\" does not fit \"\(self)\": want one of \(operators)"
        )
    }
}

extension [QueryField.Value] {
    /// What the values stand for, each once and in the order written.
    fileprivate func distinct<Result: Hashable>(
        _ read: (QueryField.Value) throws(QueryError) -> Result
    ) throws(QueryError) -> [Result] {
        var results: [Result] = []
        for value in self {
            let result = try read(value)
            if !results.contains(result) { results.append(result) }
        }
        return results
    }
}

extension QueryField.Value {
    private func fault(_ want: String) -> QueryError {
        QueryError(column: column, reason: "want \(want), have \"\(text.prefix(80))\"")
    }

    fileprivate func name<Name: LatchkeyName>() throws(QueryError) -> Name {
        do throws(NameError) {
            return try Name(parsing: text)
        } catch {
            throw QueryError(column: column, reason: error.description)
        }
    }

    fileprivate func state() throws(QueryError) -> DeviceState {
        guard let state = DeviceState(parsing: text) else {
            throw fault(
                "one of " + DeviceState.allCases.map(\.description).joined(separator: ", ")
            )
        }
        return state
    }

    fileprivate func store() throws(QueryError) -> Report.StoreKind {
        guard let kind = Report.StoreKind.allCases.first(where: { "\($0)" == text }) else {
            throw fault("file or tpm")
        }
        return kind
    }

    fileprivate func level() throws(QueryError) -> Report.SecurityLevel {
        guard let level = Report.SecurityLevel.allCases.first(where: { "\($0)" == text }) else {
            throw fault("software, credential or hardware")
        }
        return level
    }

    fileprivate func version() throws(QueryError) -> AgentVersion {
        guard let version = AgentVersion(parsing: text) else {
            throw fault("a version as in 0.3 or 1.2.10")
        }
        return version
    }

    fileprivate func label() throws(QueryError) -> String {
        let limit = LabelRule.maximumValue
        guard text.utf8.count <= limit else {
            throw QueryError(
                column: column,
                reason: "want at most \(limit) bytes of a label's value, have \(text.utf8.count)"
            )
        }
        return text
    }

    fileprivate func number() throws(QueryError) -> UInt32 {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text) else {
            throw fault("a whole number from 0 to \(UInt32.max)")
        }
        return number
    }

    fileprivate func seconds() throws(QueryError) -> Int64 {
        guard let seconds = QueryDuration.seconds(parsing: text) else {
            throw fault("a duration as in 90d, 12h or 30m (at most \(QueryDuration.maximumDays)d)")
        }
        return seconds
    }
}

/// Durations as people write them: a whole number and one of `s m h d w`.
enum QueryDuration {
    /// A hundred years.
    static let maximumDays: Int64 = 36_525

    private static let units: [(letter: String, seconds: Int64)] = [
        ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]

    static func seconds(parsing text: String) -> Int64? {
        guard let unit = units.first(where: { text.hasSuffix($0.letter) }) else { return nil }
        let digits = text.dropLast()
        guard (1...10).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int64(digits)
        else { return nil }
        let seconds = number * unit.seconds
        return seconds <= maximumDays * 86_400 ? seconds : nil
    }

    /// With the largest unit that leaves a whole number; days before weeks, which few read well.
    static func text(_ seconds: Int64) -> String {
        let unit = units.dropFirst().first { seconds % $0.seconds == 0 && seconds > 0 }
        guard let unit else { return "\(seconds)s" }
        return "\(seconds / unit.seconds)\(unit.letter)"
    }
}
