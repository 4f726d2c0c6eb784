public import Fleet
internal import GRDB

extension Registry {
    /// The fleet's settings.
    public func policy() throws(RegistryError) -> Policy {
        try store.read { db in
            Policy(rows: try Row.fetchAll(db, sql: "SELECT name, value FROM policy"))
        }
    }

    /// Sets one of the fleet's settings; `notFound` for an unknown name, `invalid` for a bad value.
    public func setPolicy(
        _ name: String,
        to value: String,
        actor: String,
        now: Int64
    ) async throws(RegistryError) -> Policy {
        guard let name = PolicyName(rawValue: name) else {
            let names = PolicyName.allCases.map(\.rawValue).joined(separator: ", ")
            throw RegistryError(.notFound, "there is no such setting: want one of \(names)")
        }
        return try await writer.perform { transaction in
            var policy = try transaction.policy()
            let old = policy[name]
            try policy.set(name, to: value)
            // The text that was checked, in the one form that it has.
            guard policy[name] != old else { return policy }
            try transaction.run(
                """
                INSERT INTO policy (name, value) VALUES (?, ?)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value
                """,
                [name.rawValue, policy[name]]
            )
            transaction.remember(policy)
            try transaction.audit(
                AuditEvent(
                    time: now,
                    kind: .policyChanged,
                    actor: actor,
                    details: ["name": name.rawValue, "from": old, "to": policy[name]]
                )
            )
            return policy
        }
    }
}

extension Transaction {
    /// The fleet's settings, from memory if they can be.
    func policy() throws -> Policy {
        if let policy = memory.policy { return policy }
        let policy = Policy(rows: try rows("SELECT name, value FROM policy"))
        remember(policy)
        return policy
    }
}

extension Policy {
    /// What the rows say; one that makes no sense leaves the default, which is on the safe side.
    fileprivate init(rows: [Row]) {
        self.init()
        for row in rows {
            guard let name = PolicyName(rawValue: row[0]) else { continue }
            try? set(name, to: row[1])
        }
    }
}
