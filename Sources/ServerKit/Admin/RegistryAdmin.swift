internal import AdminAPI
internal import AdminModel
internal import BoringCrypto
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Registry

/// The admin API's operations on the registry: texts become names, registry's values become the API's.
struct RegistryAdmin: AdminService {
    let registry: Registry
    let counters: Counters
    let wallClock: @Sendable () -> Int64
    let crypto: any Crypto
    let startedAt: Timestamp
    /// The way to the broker in words; nil when nobody tells.
    let broker: @Sendable () -> String?

    init(
        registry: Registry,
        counters: Counters,
        wallClock: @escaping @Sendable () -> Int64,
        crypto: any Crypto = BoringCrypto(),
        broker: @escaping @Sendable () -> String? = { nil }
    ) {
        self.registry = registry
        self.counters = counters
        self.wallClock = wallClock
        self.crypto = crypto
        self.broker = broker
        startedAt = Timestamp(seconds: wallClock())
    }

    var now: Int64 { wallClock() }

    func status() async throws(AdminProblem) -> ServerStatus {
        try await mapping { () throws(RegistryError) in
            let status = try await registry.status(now: now)
            let campaigns = try await registry.campaignPhases()
            return ServerStatus(
                version: ServerVersion.text,
                fleet: registry.fleet.description,
                startedAt: startedAt,
                broker: broker(),
                sessions: counters.value(.sessionsOpen),
                devices: Dictionary(
                    uniqueKeysWithValues: status.devices.map { ($0.key.description, $0.value) }
                ),
                keysDue: status.overdueKeys,
                keysOverAge: status.keysOverAge,
                keysSuspended: status.suspendedKeys,
                keysCompromised: status.compromisedKeys,
                notices: Dictionary(
                    uniqueKeysWithValues: status.notices.map { ($0.key.rawValue, $0.value) }
                ),
                campaigns: Dictionary(
                    uniqueKeysWithValues: campaigns.map { ($0.key.description, $0.value) }
                ),
                auditRows: status.audit.count,
                auditHead: hexadecimal(status.audit.hash),
                schemaVersion: status.schemaVersion,
                databaseBytes: status.databaseBytes,
                disk: status.disk.level.rawValue,
                diskFreeBytes: status.disk.freeBytes
            )
        }
    }

    func createGroup(
        _ request: GroupCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.Group {
        let name: GroupName = try parsed(request.name, "name")
        return try await mapping { () throws(RegistryError) in
            AdminModel.Group(
                try await registry.createGroup(name, actor: actor.description, now: now)
            )
        }
    }

    func listGroups(_ page: PageRequest) async throws(AdminProblem) -> Page<AdminModel.Group> {
        try await mapping { () throws(RegistryError) in
            page.part(of: try await registry.listGroups().map { .init($0) }, key: \.name)
        }
    }

    func createKeySpec(
        _ request: KeySpecCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.KeySpec {
        let spec = try Fleet.KeySpec(request)
        return try await mapping { () throws(RegistryError) in
            try await registry.createKeySpec(spec, actor: actor.description, now: now)
            return AdminModel.KeySpec(spec, createdAt: now)
        }
    }

    func listKeySpecs(
        group: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AdminModel.KeySpec> {
        let group: GroupName? = try parsed(group, "group")
        return try await mapping { () throws(RegistryError) in
            page.part(
                of: try await registry.listKeySpecs(group: group).map { .init($0) },
                key: { "\($0.group)/\($0.name)" }
            )
        }
    }

    func importDevices(
        csv: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> ImportResult {
        try await mapping { () throws(RegistryError) in
            ImportResult(
                imported: try await registry.importDevices(
                    csv: csv,
                    actor: actor.description,
                    now: now
                )
            )
        }
    }

    func device(_ id: String) async throws(AdminProblem) -> DeviceDetail {
        let id: DeviceID = try parsed(id, "device")
        return try await mapping { () throws(RegistryError) in
            let details = try await registry.device(id)
            let specs = try await registry.listKeySpecs(group: details.device.group)
            var detail = DeviceDetail(details, specs: specs, now: now)
            let labels = try await registry.labels(of: id)
            detail.labels = labels.isEmpty ? nil : labels
            return detail
        }
    }

    func retireDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.Device {
        let id: DeviceID = try parsed(id, "device")
        return try await mapping { () throws(RegistryError) in
            .init(try await registry.retireDevice(id, actor: actor.description, now: now))
        }
    }
}
