public import KeyExchange

/// A question about devices, as an admin writes it: `group=lamps and age.signing > 90d`.
///
///     text ──parse──▶ Query ──description──▶ text        (the same query again)
///                       ├─ matches(facts)                (in memory)
///                       └─ its expression                (the registry makes SQL of it)
///
/// Logic has two values. A comparison with a fact that is not known (a device never seen, a label that it
/// does not have, a key without an active generation) is false; `a != b` is `not a = b`, so it is true
/// for such a device, and so is `not seen < 7d`. `has seen` asks whether the fact is known.
public struct Query: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a query's text, as it is parsed.
    public static let maximumLength = 1024
    /// Parentheses and `not` inside one another.
    public static let maximumDepth = 16
    /// Conditions, and values in lists, in one query.
    public static let maximumTerms = 64

    /// What is asked, with `and` and `or` flattened and `not not` taken away.
    public let expression: Expression

    /// Every device there is; written `all`.
    public static let everything = Query(checked: .and([]))

    /// Conditions put together.
    public indirect enum Expression: Hashable, Sendable {
        /// One condition.
        case condition(Condition)
        /// The opposite.
        case not(Expression)
        /// All of them; of none, true.
        case and([Expression])
        /// At least one of them.
        case or([Expression])
    }

    /// How a fact stands to a value.
    public enum Comparison: String, Hashable, Sendable, CaseIterable {
        case equal = "="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    /// One question about one fact; a list means one of its values, and is never empty.
    public enum Condition: Hashable, Sendable {
        /// The device's name.
        case device([DeviceID])
        /// The device's group.
        case group([GroupName])
        /// Where the device is in its life.
        case state([DeviceState])
        /// Where the device keeps its keys.
        case store([Report.StoreKind])
        /// What protects the device's store, compared from the weakest up.
        case level(Comparison, Report.SecurityLevel)
        /// The version of the agent.
        case agent(Comparison, AgentVersion)
        /// Seconds since the device was made known.
        case created(Comparison, seconds: Int64)
        /// Seconds since the device was heard last.
        case seen(Comparison, seconds: Int64)
        /// The value of a label.
        case label(String, [String])
        /// A key that has an active generation.
        case key([KeyName])
        /// Seconds since the active generation of a key was made.
        case age(KeyName, Comparison, seconds: Int64)
        /// The number of the active generation of a key.
        case epoch(KeyName, Comparison, UInt32)
        /// The newest generation of the server's identity that the device has pinned.
        case anchor(Comparison, UInt32)
        /// Whether a fact is known at all.
        case has(Fact)
    }

    /// A fact that may be missing.
    public enum Fact: Hashable, Sendable {
        /// The kind of store: known once the device was heard.
        case store
        /// The protection of the store: known once the device was heard.
        case level
        /// A version of the agent that can be compared.
        case agent
        /// The last contact.
        case seen
        /// The pinned anchor.
        case anchor
        /// A label of this name.
        case label(String)
        /// An active generation of this key.
        case key(KeyName)
    }

    init(checked expression: Expression) { self.expression = expression }
}
