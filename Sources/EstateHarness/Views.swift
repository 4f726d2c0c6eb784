/// What `latchkey status --json` says, as far as tests ask.
package struct ServerStatus: Decodable {
    package let broker: String?
    package let auditRows: Int
    package let databaseBytes: Int
    /// The room on the server's disk: `enough`, `low` or `full`.
    package let disk: String?
}

/// What `latchkey device show --json` says.
package struct DeviceView: Decodable {
    package struct Device: Decodable {
        package let id: String
        package let group: String
        package let state: String
    }
    package struct Key: Decodable {
        package let name: String
        package let epoch: Int
        package let state: String
        package let thumbprint: String
    }
    package let device: Device
    package let keys: [Key]
}

/// What `latchkey campaign show --json` says.
package struct CampaignView: Decodable {
    package struct Campaign: Decodable {
        package let state: String
        /// How many members are in each state.
        package let members: [String: Int]
        /// How many have failed, by kind.
        package let failures: [String: Int]
    }
    package let campaign: Campaign
    /// Why it stands still although it runs.
    package let hold: String?
}

/// A row of `latchkey bundle list --json`.
package struct BundleView: Decodable { package let id: String }

/// What `latchkey anchor list --json` says.
package struct AnchorsView: Decodable {
    package struct Anchor: Decodable {
        package let generation: Int
        package let state: String
        /// How many devices have followed.
        package let devices: Int?
    }
    package let anchors: [Anchor]
    package let devices: Int
    package let openBundles: Int?
}

/// A row of `latchkey anchor stragglers --json`.
package struct StragglerView: Decodable {
    package let device: String
}

/// What `latchkey-agent status --json` says.
package struct AgentStatus: Decodable {
    package let state: String
    package let anchor: Int
    /// The counter of the last retirement that it has obeyed.
    package let last_order: Int
}

/// What `latchkey-agent keys --json` says of each generation.
package struct HeldKey: Decodable {
    package let name: String
    package let epoch: Int
    package let state: String
    package let thumbprint: String
}

/// A row of `latchkey audit list --json`.
package struct AuditRow: Decodable {
    package let kind: String
    package let actor: String
    package let device: String?
    package let details: [String: String]
}

/// A generation in use.
package struct Primary: Hashable {
    package let name: String
    package let epoch: Int
    package let thumbprint: String
}

extension Estate {
    package func status() async throws -> ServerStatus {
        try await admin("status", "--json").json(ServerStatus.self)
    }

    /// A device as the server sees it; nil when the server does not know it.
    package func device(_ name: String) async throws -> DeviceView? {
        let outcome = try await latchkey("device", "show", name, "--json")
        return outcome.code == 5 ? nil : try outcome.json(DeviceView.self)
    }

    /// The names of all devices.
    package func devices() async throws -> [String] {
        try await admin("device", "list", "--json").json([DeviceView.Device].self).map(\.id)
    }

    /// A campaign as the server sees it.
    package func campaign(_ name: String) async throws -> CampaignView {
        try await admin("campaign", "show", name, "--json").json(CampaignView.self)
    }

    /// The generations of the server's identity.
    package func anchors() async throws -> AnchorsView {
        try await admin("anchor", "list", "--json").json(AnchorsView.self)
    }

    /// The names of the devices that have not followed to the newest.
    package func stragglers() async throws -> [String] {
        try await admin("anchor", "stragglers", "--json").json([StragglerView].self).map(\.device)
    }

    /// The audit log's rows of one kind.
    package func audit(_ kind: String) async throws -> [AuditRow] {
        try await admin("audit", "list", "--kind", kind, "--json").json([AuditRow].self)
    }

    /// Whether nobody has changed a row of the audit log.
    package func auditIsIntact() async throws -> Bool {
        try await latchkey("audit", "verify").code == 0
    }
}
