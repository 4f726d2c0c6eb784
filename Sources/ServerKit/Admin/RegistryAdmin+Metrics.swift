internal import AdminAPI
internal import Fleet
internal import Registry

extension RegistryAdmin {
    /// The counters of the exchange, and the fleet at a glance; the latter is missing when the store
    /// can't be read, so that monitoring goes on.
    func metrics() async -> [Metric] {
        var metrics = counters.metrics
        guard let status = try? await registry.status(now: now) else { return metrics }
        metrics += [
            Metric(
                "latchkey_devices",
                help: "Devices by state.",
                kind: .gauge,
                samples: status.devices.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    .init(Double($0.value), labels: ["state": $0.key.description])
                }
            ),
            Metric(
                "latchkey_keys_due",
                help: "Keys that wait to be replaced.",
                kind: .gauge,
                samples: [.init(Double(status.overdueKeys))]
            ),
            Metric(
                "latchkey_outbox",
                help: "Nudges not yet sent.",
                kind: .gauge,
                samples: [.init(Double(status.outbox))]
            ),
            Metric(
                "latchkey_audit_rows_total",
                help: "Rows of the audit log.",
                kind: .counter,
                samples: [.init(Double(status.audit.count))]
            ),
            Metric(
                "latchkey_database_bytes",
                help: "Size of the database.",
                kind: .gauge,
                samples: [.init(Double(status.databaseBytes))]
            ),
            Metric(
                "latchkey_disk_free_bytes",
                help: "Room on the database's disk, beside what is kept for retirement.",
                kind: .gauge,
                samples: [.init(Double(status.disk.freeBytes))]
            ),
        ]
        return metrics
    }
}
