package import AdminAPI
package import AdminModel
internal import Synchronization

/// A server that keeps everything in memory and behaves: names are unique, states count.
package final class FakeService: AdminService {
    private let state = Mutex(FakeFleet())

    /// An empty one.
    package init() {}

    /// What it holds now.
    package var now: FakeFleet { state.withLock { $0 } }

    /// Sets the stage for a story.
    package func stage(_ body: (inout FakeFleet) -> Void) { state.withLock { body(&$0) } }

    /// Runs one operation alone, as a transaction.
    func change<Value: Sendable>(
        _ body: (inout FakeFleet) throws(AdminProblem) -> Value
    ) throws(AdminProblem) -> Value {
        let result = state.withLock { state -> Result<Value, AdminProblem> in
            if let failure = state.failure { return .failure(failure) }
            do throws(AdminProblem) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    package func status() async throws(AdminProblem) -> ServerStatus {
        try change { state throws(AdminProblem) in
            ServerStatus(
                version: "0.1.0",
                fleet: "lamps",
                broker: "connected",
                sessions: 0,
                devices: Dictionary(
                    state.devices.values.map { ($0.device.state, 1) },
                    uniquingKeysWith: +
                ),
                keysDue: 0,
                keysOverAge: state.devices.values.flatMap(\.keys).count { $0.isOverAge == true },
                keysSuspended: state.devices.values.flatMap(\.keys)
                    .count { $0.state == "suspended" },
                keysCompromised: state.devices.values.flatMap(\.keys)
                    .count { $0.state == "compromised" },
                notices: Dictionary(state.notices.map { ($0.kind, 1) }, uniquingKeysWith: +),
                campaigns: Dictionary(
                    state.campaigns.values.filter { !$0.campaign.isOver }
                        .map { ($0.campaign.state, 1) },
                    uniquingKeysWith: +
                ),
                auditRows: Int64(state.audit.count),
                auditHead: "00ff",
                schemaVersion: 1,
                databaseBytes: 4_096,
                disk: "enough",
                diskFreeBytes: 1 << 30
            )
        }
    }

    package func metrics() async -> [Metric] { now.metrics }

    package func createGroup(
        _ request: GroupCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Group {
        try change { state throws(AdminProblem) in
            try check(request.name)
            guard state.groups[request.name] == nil else {
                throw AdminProblem(.conflict, "group \(request.name) exists")
            }
            let group = Group(name: request.name, createdAt: noon)
            state.groups[request.name] = group
            state.record("groupCreated", actor)
            return group
        }
    }

    package func listGroups(_ page: PageRequest) async throws(AdminProblem) -> Page<Group> {
        try change { state throws(AdminProblem) in
            cut(state.groups.values.sorted { $0.name < $1.name }, page, by: \.name)
        }
    }

    package func createKeySpec(
        _ request: KeySpecCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeySpec {
        try change { state throws(AdminProblem) in
            try check(request.name)
            guard state.groups[request.group] != nil else {
                throw AdminProblem(.notFound, "no group \(request.group)")
            }
            let spec = KeySpec(
                name: request.name,
                group: request.group,
                algorithm: request.algorithm,
                use: request.use ?? "both",
                graceSeconds: request.graceSeconds ?? 3_600,
                leaseSeconds: request.leaseSeconds ?? 0,
                rotateEverySeconds: request.rotateEverySeconds,
                maximumAgeSeconds: request.maximumAgeSeconds
            )
            state.specs.append(spec)
            state.record("keySpecCreated", actor)
            return spec
        }
    }

    package func listKeySpecs(
        group: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<KeySpec> {
        try change { state throws(AdminProblem) in
            cut(state.specs.filter { group == nil || $0.group == group }, page, by: \.name)
        }
    }

    package func createBundle(
        _ request: BundleCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> CreatedBundle {
        try change { state throws(AdminProblem) in
            guard state.groups[request.group] != nil else {
                throw AdminProblem(.notFound, "no group \(request.group)")
            }
            let id = "000000000000000\(state.bundles.count)"
            let record = BundleRecord(
                id: id,
                group: request.group,
                state: "open",
                usesAllowed: request.uses ?? 1,
                usesLeft: request.uses ?? 1,
                createdAt: noon,
                expiresAt: noon
            )
            if request.isForRegistered != true { state.bundles.append(record) }
            state.record("bundleCreated", actor)
            return CreatedBundle(
                id: request.isForRegistered == true ? nil : id,
                group: request.group,
                expiresAt: noon,
                text: "latchkey-bundle-1:AAAA\n"
            )
        }
    }

    package func listBundles(_ page: PageRequest) async throws(AdminProblem) -> Page<BundleRecord> {
        try change { state throws(AdminProblem) in cut(state.bundles, page, by: \.id) }
    }

    package func revokeBundle(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> BundleRecord {
        try change { state throws(AdminProblem) in
            guard let index = state.bundles.firstIndex(where: { $0.id == id }) else {
                throw AdminProblem(.notFound, "no bundle \(id)")
            }
            state.bundles[index].state = "revoked"
            return state.bundles[index]
        }
    }

    package func importDevices(
        csv: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> ImportResult {
        try change { state throws(AdminProblem) in
            let lines = csv.split(separator: "\n").map { $0.split(separator: ",") }
            let bad = lines.indices.dropFirst().filter { lines[$0].count != 3 }
            guard bad.isEmpty else {
                throw AdminProblem(
                    .invalid,
                    "nothing was imported: \(bad.count) bad rows",
                    details: bad.map { .init(line: $0 + 1, message: "want 3 fields") }
                )
            }
            for line in lines.dropFirst() {
                state.add(String(line[0]), group: String(line[1]), in: "registered")
            }
            state.record("deviceRegistered", actor)
            return ImportResult(imported: max(0, lines.count - 1))
        }
    }

    package func listDevices(
        _ filter: DeviceFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Device> {
        try change { state throws(AdminProblem) in
            cut(try state.devices(filter).map(\.device), page, by: \.id)
        }
    }

    package func device(_ id: String) async throws(AdminProblem) -> DeviceDetail {
        try change { state throws(AdminProblem) in
            guard let device = state.devices[id] else {
                throw AdminProblem(.notFound, "no device \(id)")
            }
            var detail = device
            detail.notices = state.notices.filter { $0.device == id }
            return detail
        }
    }

    package func retireDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Device {
        try change { state throws(AdminProblem) in
            guard var detail = state.devices[id] else {
                throw AdminProblem(.notFound, "no device \(id)")
            }
            detail.device.state = "retiring"
            state.devices[id] = detail
            state.record("retirementOrdered", actor, device: id)
            return detail.device
        }
    }

    /// Each look at the progress finds one more key settled, so that waiting ends.
    package func rotate(
        _ selection: KeySelection,
        by actor: AdminActor
    ) async throws(AdminProblem) -> RotationStart {
        try change { state throws(AdminProblem) in
            let keys = try state.keys(of: selection)
            state.record("rotationOrdered", actor, device: selection.device)
            for (id, index) in keys { state.devices[id]?.keys[index].state = "offered" }
            return RotationStart(keys: keys.count)
        }
    }

    package func progress(of selection: KeySelection) async throws(AdminProblem) -> RotationProgress
    {
        try change { state throws(AdminProblem) in
            let keys = try state.keys(of: selection).filter { id, _ in
                state.devices[id]?.device.state == "enrolled"
            }
            let waiting = keys.filter {
                ["offered", "compromised"].contains(state.devices[$0]?.keys[$1].state)
            }
            if let (id, index) = waiting.first { state.devices[id]?.keys[index].state = "active" }
            return RotationProgress(
                keys: keys.count,
                settled: keys.count - waiting.count,
                waiting: waiting.count,
                failed: 0
            )
        }
    }

    package func listAudit(
        _ filter: AuditFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AuditEntry> {
        try change { state throws(AdminProblem) in
            let rows = state.audit.filter { row in
                (filter.device == nil || filter.device == row.device)
                    && (filter.kind == nil || filter.kind == row.kind)
                    && (filter.since.map { row.at >= $0 } ?? true)
                    && (filter.until.map { row.at < $0 } ?? true)
            }
            let after = Int64(page.after ?? "0") ?? 0
            let rest = rows.filter { $0.sequence > after }
            let items = Array(rest.prefix(page.limit))
            return Page(
                items: items,
                next: items.count < rest.count ? items.last.map { "\($0.sequence)" } : nil
            )
        }
    }

    package func verifyAudit() async throws(AdminProblem) -> AuditVerdict {
        try change { state throws(AdminProblem) in
            state.verdict
                ?? AuditVerdict(isIntact: true, rows: Int64(state.audit.count), head: "00ff")
        }
    }
}
