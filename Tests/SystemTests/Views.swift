/// What `latchkey status --json` says, as far as tests ask.
struct ServerStatus: Decodable {
    let broker: String?
    let auditRows: Int
    let databaseBytes: Int
}

/// What `latchkey device show --json` says.
struct DeviceView: Decodable {
    struct Device: Decodable {
        let id: String
        let group: String
        let state: String
    }
    struct Key: Decodable {
        let name: String
        let epoch: Int
        let state: String
        let thumbprint: String
    }
    let device: Device
    let keys: [Key]
}

/// What `latchkey-agent keys --json` says of each generation.
struct HeldKey: Decodable {
    let name: String
    let epoch: Int
    let state: String
    let thumbprint: String
}

/// A row of `latchkey audit list --json`.
struct AuditRow: Decodable {
    let kind: String
    let device: String?
    let details: [String: String]
}

/// A generation in use.
struct Primary: Hashable {
    let name: String
    let epoch: Int
    let thumbprint: String
}

extension Estate {
    func status() async throws -> ServerStatus {
        try await admin("status", "--json").json(ServerStatus.self)
    }

    /// A device as the server sees it; nil when the server does not know it.
    func device(_ name: String) async throws -> DeviceView? {
        let outcome = try await latchkey("device", "show", name, "--json")
        return outcome.code == 5 ? nil : try outcome.json(DeviceView.self)
    }

    /// The names of all devices.
    func devices() async throws -> [String] {
        try await admin("device", "list", "--json").json([DeviceView.Device].self).map(\.id)
    }

    /// The audit log's rows of one kind.
    func audit(_ kind: String) async throws -> [AuditRow] {
        try await admin("audit", "list", "--kind", kind, "--json").json([AuditRow].self)
    }

    /// Whether nobody has changed a row of the audit log.
    func auditIsIntact() async throws -> Bool {
        try await latchkey("audit", "verify").code == 0
    }
}
