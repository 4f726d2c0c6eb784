extension KeyState {
    /// What holds for a generation in one state.
    public struct Rule: Hashable, Sendable {
        /// The states that it may come into next.
        public let next: [KeyState]
        /// Whether the server accepts the key from the device.
        public let isAccepted: Bool
        /// Whether the server still holds the material.
        public let hasMaterial: Bool
        /// What the audit log says when it comes into the state; nil for what nobody sees.
        public let event: AuditKind?
    }

    /// The one table that every change is checked against, and that the drawing is made from.
    public static let rules: [KeyState: Rule] = [
        .preActive: Rule(
            next: [.offered, .withdrawn, .compromised],
            isAccepted: false,
            hasMaterial: true,
            event: nil
        ),
        .offered: Rule(
            next: [.active, .withdrawn, .compromised],
            isAccepted: true,
            hasMaterial: true,
            event: .keyOffered
        ),
        .withdrawn: Rule(
            next: [.destroyedCompromised],
            isAccepted: false,
            hasMaterial: false,
            event: .keyWithdrawn
        ),
        .active: Rule(
            next: [.superseded, .suspended, .deactivated, .compromised],
            isAccepted: true,
            hasMaterial: true,
            event: .keyActivated
        ),
        .superseded: Rule(
            next: [.deactivated, .compromised],
            isAccepted: true,
            hasMaterial: true,
            event: .keySuperseded
        ),
        .deactivated: Rule(
            next: [.destroyed, .compromised],
            isAccepted: false,
            hasMaterial: true,
            event: .keyDeactivated
        ),
        .destroyed: Rule(
            next: [.destroyedCompromised],
            isAccepted: false,
            hasMaterial: false,
            event: .keyDestroyed
        ),
        // Its device knows no other key yet: refusing it at once would strand the device.
        .compromised: Rule(
            next: [.destroyedCompromised],
            isAccepted: true,
            hasMaterial: true,
            event: .keyCompromised
        ),
        .destroyedCompromised: Rule(
            next: [],
            isAccepted: false,
            hasMaterial: false,
            event: .keyDestroyed
        ),
        .suspended: Rule(
            next: [.active, .deactivated, .compromised],
            isAccepted: false,
            hasMaterial: true,
            event: .keySuspended
        ),
    ]

    /// The rule of this state.
    public var rule: Rule {
        guard let rule = Self.rules[self] else { preconditionFailure("\(self) has no rule") }
        return rule
    }

    /// Whether a key may go from this state to `next`.
    public func mayBecome(_ next: KeyState) -> Bool { rule.next.contains(next) }

    /// Whether the server accepts the key from the device.
    public var isAccepted: Bool { rule.isAccepted }

    /// Whether the server still holds the material.
    public var hasMaterial: Bool { rule.hasMaterial }

    /// Whether others may know it.
    public var isCompromised: Bool { self == .compromised || self == .destroyedCompromised }

    /// The life of a key as a state diagram (Mermaid), for the documentation; made from the table.
    public static var drawing: String {
        let states = allCases
        var lines = ["stateDiagram-v2", "    [*] --> \(KeyState.preActive)"]
        for state in states {
            for next in state.rule.next { lines.append("    \(state) --> \(next)") }
            if state.rule.next.isEmpty { lines.append("    \(state) --> [*]") }
        }
        for state in states {
            let words = [
                state.isAccepted ? "accepted" : "not accepted",
                state.hasMaterial ? "material kept" : "material gone",
            ]
            lines.append("    \(state): \(state) (\(words.joined(separator: ", ")))")
        }
        return lines.joined(separator: "\n")
    }
}
