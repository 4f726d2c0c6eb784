internal import KeyExchange

extension Query {
    /// Whether the device is one of those asked for.
    public func matches(_ facts: DeviceFacts) -> Bool { Self.holds(expression, of: facts) }

    private static func holds(_ expression: Expression, of facts: DeviceFacts) -> Bool {
        switch expression {
        case .condition(let condition): holds(condition, of: facts)
        case .not(let inner): !holds(inner, of: facts)
        case .and(let parts): parts.allSatisfy { holds($0, of: facts) }
        case .or(let parts): parts.contains { holds($0, of: facts) }
        }
    }

    private static func holds(_ condition: Condition, of facts: DeviceFacts) -> Bool {
        switch condition {
        case .device(let names): return names.contains(facts.id)
        case .group(let names): return names.contains(facts.group)
        case .state(let states): return states.contains(facts.state)
        case .store(let kinds): return facts.store.map(kinds.contains) ?? false
        case .level(let comparison, let level):
            return comparison.holds(facts.level?.rawValue, level.rawValue)
        case .agent(let comparison, let version):
            return comparison.holds(
                facts.agentVersion.flatMap { AgentVersion(parsing: $0) },
                version
            )
        case .created(let comparison, let seconds):
            return comparison.holds(age(of: facts.createdAt, at: facts.now), seconds)
        case .seen(let comparison, let seconds):
            return comparison.holds(age(of: facts.lastSeen, at: facts.now), seconds)
        case .label(let name, let values):
            // By bytes, as the registry compares: not by what looks alike.
            guard let value = facts.labels[name] else { return false }
            return values.contains { $0.utf8.elementsEqual(value.utf8) }
        case .key(let names): return facts.keys.contains { names.contains($0.name) }
        case .age(let name, let comparison, let seconds):
            return comparison.holds(
                age(of: facts.key(name)?.createdAt, at: facts.now),
                seconds
            )
        case .epoch(let name, let comparison, let number):
            return comparison.holds(facts.key(name)?.epoch.number, number)
        case .anchor(let comparison, let number): return comparison.holds(facts.anchor, number)
        case .has(let fact): return facts.has(fact)
        }
    }

    // Negative for a moment that is still to come: a clock was set back.
    private static func age(of moment: Int64?, at now: Int64) -> Int64? {
        moment.map { now.saturatingSubtracting($0) }
    }
}

extension Query.Comparison {
    /// Compares a fact with a value; false when the fact is not known.
    public func holds<Value: Comparable>(_ fact: Value?, _ value: Value) -> Bool {
        guard let fact else { return false }
        return switch self {
        case .equal: fact == value
        case .less: fact < value
        case .lessOrEqual: fact <= value
        case .greater: fact > value
        case .greaterOrEqual: fact >= value
        }
    }
}

extension DeviceFacts {
    func key(_ name: KeyName) -> Key? { keys.first { $0.name == name } }

    func has(_ fact: Query.Fact) -> Bool {
        switch fact {
        case .store: store != nil
        case .level: level != nil
        case .agent: agentVersion.flatMap { AgentVersion(parsing: $0) } != nil
        case .seen: lastSeen != nil
        case .anchor: anchor != nil
        case .label(let name): labels[name] != nil
        case .key(let name): key(name) != nil
        }
    }
}

extension Int64 {
    /// The difference, or the end of 64 bits that it runs past.
    func saturatingSubtracting(_ other: Int64) -> Int64 {
        let (result, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return result }
        return other > 0 ? .min : .max
    }

    /// The sum, or the end of 64 bits that it runs past.
    func saturatingAdding(_ other: Int64) -> Int64 {
        let (result, overflows) = addingReportingOverflow(other)
        guard overflows else { return result }
        return other > 0 ? .max : .min
    }
}
