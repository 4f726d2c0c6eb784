internal import KeyExchange

extension Reconciler {
    /// Why the generations of server and device cannot go on; nil when they can.
    ///
    /// All of it comes of a server that was put back to an old copy of itself, or of a device that lies.
    mutating func misfit(
        _ name: KeyName,
        _ records: [KeyRecord],
        current: KeyRecord?,
        latest: KeyRecord?,
        held: [Report.HeldEpoch]
    ) -> AuditKind? {
        let known = latest?.epoch.number ?? 0
        if let last = held.last, last.epoch.number > known {
            plan.findings.append(
                Plan.Finding(kind: .deviceAhead, name: name, epoch: last.epoch)
            )
            if last.epoch.number - known > Self.plausibleLead {
                plan.findings.append(
                    Plan.Finding(
                        kind: .reportImplausible,
                        name: name,
                        epoch: last.epoch,
                        reason: "epochJumped"
                    )
                )
            }
            return .deviceAhead
        }
        let used = held.filter { $0.state == .primary }
        if used.count > 1, let last = used.last {
            plan.findings.append(
                Plan.Finding(
                    kind: .reportImplausible,
                    name: name,
                    epoch: last.epoch,
                    reason: "primaryTwice"
                )
            )
            return .reportImplausible
        }
        let wrong = held.first { epoch in
            guard let current else {
                return epoch.isUsed && !records.contains { $0.isSame(as: epoch) }
            }
            // A number that was given out twice, by a server that came back from an old copy; or one in
            // use that is later than ours, which only another life of this server has settled; or one
            // that the device has destroyed and that we still work with.
            return epoch.epoch == current.epoch && epoch.check != current.thumbprint.check
                || epoch.isUsed && epoch.epoch > current.epoch
                || epoch.state == .gone && epoch.epoch >= current.epoch
        }
        guard let wrong else { return nil }
        plan.findings.append(
            Plan.Finding(kind: .keyMismatched, name: name, epoch: wrong.epoch)
        )
        return .keyMismatched
    }
}

extension KeyRecord {
    /// Whether the device means this generation, and the same key by it.
    func isSame(as held: Report.HeldEpoch) -> Bool {
        epoch == held.epoch && thumbprint.check == held.check
    }
}

extension Report.HeldEpoch {
    /// Whether the device uses it, or would if the server had not suspended it.
    var isUsed: Bool { state == .primary || state == .suspended }
}
