public import KeyExchange

/// Compares what a device should have with what it says it has.
///
/// State decides: the same two states give the same plan, whatever messages were lost between.
public struct Reconciler {
    // SETTLE carries twice as many verdicts as a message has keys; the confirmation needs the rest.
    private static let maximumVerdicts = MessageLimits.keys

    private let now: Int64
    private var plan = Plan()
    /// Said last, so that they never crowd out what brings a key into use.
    private var remnants: [Verdict] = []

    /// What to do about `report`; `specs` are those of the device's group.
    public static func plan(
        specs: [KeySpec],
        records: [KeyRecord],
        report: Report,
        now: Int64
    ) -> Plan {
        var reconciler = Reconciler(now: now)
        for spec in specs.sorted(by: { $0.name < $1.name }) {
            reconciler.reconcile(
                spec,
                records: records.filter { $0.name == spec.name },
                held: report.keys.first { $0.name == spec.name }?.epochs ?? []
            )
        }
        // A key without a spec is left alone. No spec is ever taken away, so the server has forgotten
        // it: it came back from an old copy of itself, and the device's key may be the last one.
        // What does not fit is said at the next contact.
        reconciler.plan.verdicts += reconciler.remnants
        reconciler.plan.verdicts = Array(reconciler.plan.verdicts.prefix(maximumVerdicts))
        return reconciler.plan
    }

    private init(now: Int64) { self.now = now }

    private mutating func reconcile(
        _ spec: KeySpec,
        records: [KeyRecord],
        held: [Report.HeldEpoch]
    ) {
        guard !records.contains(where: { $0.state == .suspended }) else { return }
        let latest = records.max { $0.epoch < $1.epoch }
        let highest = max(latest?.epoch.number ?? 0, held.last?.epoch.number ?? 0)
        let wish = wish(spec, records: records, latest: latest, held: held)
        var valid: Epoch?
        switch wish {
        case .nothing(let epoch): valid = epoch
        case .offerAgain(let epoch):
            valid = epoch
            plan.offers.append(Plan.Offering(spec: spec, epoch: epoch, isNew: false))
        case .activate(let epoch):
            valid = epoch
            plan.verdicts.append(
                Verdict(
                    name: spec.name,
                    action: .activate(epoch, graceSeconds: spec.graceSeconds)
                )
            )
        case .offerNew:
            // 32 bits of generations are used up only by a device that lies about its own.
            if highest < .max, let epoch = Epoch(highest + 1) {
                plan.offers.append(Plan.Offering(spec: spec, epoch: epoch, isNew: true))
            }
        }
        for stray in held where stray.state == .pending && stray.epoch != valid {
            plan.verdicts.append(Verdict(name: spec.name, action: .discard(stray.epoch)))
        }
        // A device that restarts often begins every grace anew; without this it would fill up.
        for old in held where old.state == .grace {
            guard let record = records.first(where: { $0.epoch == old.epoch }),
                !record.state.hasMaterial
            else { continue }
            remnants.append(Verdict(name: spec.name, action: .discard(old.epoch)))
        }
    }

    private enum Wish {
        case nothing(valid: Epoch?)
        case offerAgain(Epoch)
        case activate(Epoch)
        case offerNew
    }

    private mutating func wish(
        _ spec: KeySpec,
        records: [KeyRecord],
        latest: KeyRecord?,
        held: [Report.HeldEpoch]
    ) -> Wish {
        let current =
            records.first { $0.state == .offered } ?? records.first { $0.state == .active }
        if let reason = misfit(spec.name, current: current, latest: latest, held: held) {
            if let current, current.state == .offered {
                plan.withdrawals.append(
                    Plan.Withdrawal(name: spec.name, epoch: current.epoch, reason: reason)
                )
            }
            return .offerNew
        }
        guard let current else {
            let isBlocked =
                latest?.state == .withdrawn && latest?.failure?.isRetryable == false
                && latest?.rotateAt == nil
            return isBlocked ? .nothing(valid: nil) : .offerNew
        }
        if current.state == .offered { return .offerAgain(current.epoch) }
        let mine = held.first { $0.epoch == current.epoch }
        if mine?.state == .pending { return .activate(current.epoch) }
        if let due = current.rotateAt, due <= now { return .offerNew }
        switch mine?.state {
        case .primary: return .nothing(valid: current.epoch)
        // Both sides took different ways, and a device never goes back: only a later one unites them.
        case .grace: return .offerNew
        case .suspended:
            plan.verdicts.append(Verdict(name: spec.name, action: .resume(current.epoch)))
            return .nothing(valid: current.epoch)
        case .pending, nil: return .offerAgain(current.epoch)
        }
    }

    /// Why the generations of server and device cannot go on; nil when they can.
    private mutating func misfit(
        _ name: KeyName,
        current: KeyRecord?,
        latest: KeyRecord?,
        held: [Report.HeldEpoch]
    ) -> AuditKind? {
        let known = latest?.epoch.number ?? 0
        if let last = held.last, last.epoch.number > known {
            plan.findings.append(
                Plan.Finding(kind: .deviceAhead, name: name, epoch: last.epoch)
            )
            return .deviceAhead
        }
        let wrong = held.first { epoch in
            guard let current else { return false }
            // A number that was given out twice, by a server that came back from an old copy; or one in
            // use that is later than ours, which only another life of this server has settled.
            return epoch.epoch == current.epoch && epoch.check != current.thumbprint.check
                || epoch.state == .primary && epoch.epoch > current.epoch
        }
        guard let wrong else { return nil }
        plan.findings.append(
            Plan.Finding(kind: .keyMismatched, name: name, epoch: wrong.epoch)
        )
        return .keyMismatched
    }
}
