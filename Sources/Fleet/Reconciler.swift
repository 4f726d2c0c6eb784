public import KeyExchange

/// Compares what a device should have with what it says it has.
///
/// State decides: the same two states give the same plan, whatever messages were lost between.
public struct Reconciler {
    // SETTLE carries twice as many verdicts as a message has keys; the confirmation needs the rest.
    private static let maximumVerdicts = MessageLimits.keys
    /// A device this far ahead was not led there by a server of ours.
    static let plausibleLead: UInt32 = 1 << 20

    private let now: Int64
    /// Whether the device's agent knows of suspension.
    private let canSuspend: Bool
    var plan = Plan()
    /// Said last, so that they never crowd out what brings a key into use.
    private var remnants: [Verdict] = []

    /// What to do about `report`; `specs` are those of the device's group that are not retired, and
    /// `gone` names the keys that were retired and of which the server has nothing left.
    public static func plan(
        specs: [KeySpec],
        records: [KeyRecord],
        report: Report,
        gone: Set<KeyName> = [],
        now: Int64
    ) -> Plan {
        var reconciler = Reconciler(now: now, canSuspend: report.instance != nil)
        for spec in specs.sorted(by: { $0.name < $1.name }) where !gone.contains(spec.name) {
            reconciler.reconcile(
                spec,
                records: records.filter { $0.name == spec.name },
                held: report.keys.first { $0.name == spec.name }?.epochs ?? []
            )
        }
        for key in report.keys
        where gone.contains(key.name) && key.epochs.contains(where: { $0.state != .gone }) {
            reconciler.remnants.append(Verdict(name: key.name, action: .remove))
        }
        // A key without a spec is left alone. No spec is ever taken away, so the server has forgotten
        // it: it came back from an old copy of itself, and the device's key may be the last one.
        // What does not fit is said at the next contact.
        reconciler.plan.verdicts += reconciler.remnants
        reconciler.plan.verdicts = Array(reconciler.plan.verdicts.prefix(maximumVerdicts))
        return reconciler.plan
    }

    private init(now: Int64, canSuspend: Bool) {
        self.now = now
        self.canSuspend = canSuspend
    }

    private mutating func reconcile(
        _ spec: KeySpec,
        records: [KeyRecord],
        held: [Report.HeldEpoch]
    ) {
        if let suspended = records.first(where: { $0.state == .suspended }) {
            return keepSuspended(suspended, spec, records: records, held: held)
        }
        let latest = records.max { $0.epoch < $1.epoch }
        let highest = max(latest?.epoch.number ?? 0, held.last?.epoch.number ?? 0)
        let bridge = bridge(records: records, held: held)
        if let bridge { activate(bridge, spec, records: records, held: held) }
        let wish = wish(spec, records: records, latest: latest, held: held)
        var valid: Epoch?
        switch wish {
        case .nothing(let epoch): valid = epoch
        case .resume(let epoch):
            valid = epoch
            if canSuspend { say(spec.name, .resume(epoch)) }
        case .offerAgain(let epoch):
            valid = epoch
            plan.offers.append(Plan.Offering(spec: spec, epoch: epoch, isNew: false))
        case .offerNew(let isDeviceMade):
            // 32 bits of generations are used up only by a device that lies about its own.
            if highest < .max, let epoch = Epoch(highest + 1) {
                plan.offers.append(
                    Plan.Offering(
                        spec: spec,
                        epoch: epoch,
                        isNew: true,
                        isDeviceMade: isDeviceMade
                    )
                )
            }
        }
        discard(spec.name, records: records, held: held, except: [valid, bridge])
    }

    /// A generation that has settled, and the device has not heard of it: the server works with it, so it
    /// is not given up for one that is on offer and may be refused.
    ///
    /// One that was compromised meanwhile only if the server works with nothing else that the device has.
    private func bridge(records: [KeyRecord], held: [Report.HeldEpoch]) -> Epoch? {
        let settled = held.last { mine in
            mine.state == .pending
                && records.contains { $0.isSame(as: mine) && $0.state == .active }
        }
        if let settled { return settled.epoch }
        let isAlone = !held.contains { mine in
            mine.isUsed && records.contains { $0.isSame(as: mine) && $0.state.isAccepted }
        }
        guard isAlone else { return nil }
        return held.last { mine in
            mine.state == .pending
                && records.contains { $0.isSame(as: mine) && $0.state == .compromised }
        }?.epoch
    }

    /// What is out of use for now is not replaced; the device is told once more if it still uses it.
    private mutating func keepSuspended(
        _ record: KeyRecord,
        _ spec: KeySpec,
        records: [KeyRecord],
        held: [Report.HeldEpoch]
    ) {
        let mine = held.first { $0.epoch == record.epoch }
        if mine?.state == .pending, mine?.check == record.thumbprint.check {
            // The end of its rotation got lost: only what is in use can be suspended.
            activate(record.epoch, spec, records: records, held: held)
            if canSuspend { say(spec.name, .suspend(record.epoch)) }
        } else if canSuspend {
            for used in held where used.state == .primary {
                say(spec.name, .suspend(used.epoch))
            }
        }
        discard(spec.name, records: records, held: held, except: [record.epoch])
    }

    private mutating func activate(
        _ epoch: Epoch,
        _ spec: KeySpec,
        records: [KeyRecord],
        held: [Report.HeldEpoch]
    ) {
        let grace = Self.grace(for: spec, replacing: held, records: records)
        say(spec.name, .activate(epoch, graceSeconds: grace))
    }

    /// How long the generation that a device uses may live on beside its successor: not at all when
    /// others may know it.
    public static func grace(
        for spec: KeySpec,
        replacing held: [Report.HeldEpoch],
        records: [KeyRecord]
    ) -> UInt32 {
        let isCompromised = held.contains { used in
            (used.state == .primary || used.state == .suspended)
                && records.contains { $0.epoch == used.epoch && $0.state.isCompromised }
        }
        return isCompromised ? 0 : spec.graceSeconds
    }

    private mutating func discard(
        _ name: KeyName,
        records: [KeyRecord],
        held: [Report.HeldEpoch],
        except valid: [Epoch?]
    ) {
        for stray in held where stray.state == .pending && !valid.contains(stray.epoch) {
            say(name, .discard(stray.epoch))
        }
        // A device that restarts often begins every grace anew; without this it would fill up. And what
        // others may know goes as soon as the device can do without it.
        for old in held
        where old.state == .grace || (old.state == .suspended && !valid.contains(old.epoch)) {
            guard let record = records.first(where: { $0.epoch == old.epoch }),
                !record.state.hasMaterial || record.state.isCompromised
            else { continue }
            remnants.append(Verdict(name: name, action: .discard(old.epoch)))
        }
    }

    private mutating func say(_ name: KeyName, _ action: Verdict.Action) {
        plan.verdicts.append(Verdict(name: name, action: action))
    }

    private enum Wish {
        case nothing(valid: Epoch?)
        case resume(Epoch)
        case offerAgain(Epoch)
        case offerNew(isDeviceMade: Bool)
    }

    private mutating func wish(
        _ spec: KeySpec,
        records: [KeyRecord],
        latest: KeyRecord?,
        held: [Report.HeldEpoch]
    ) -> Wish {
        let current =
            records.first { $0.state == .offered } ?? records.first { $0.state == .active }
        if let reason = misfit(spec.name, records, current: current, latest: latest, held: held) {
            if let current, current.state == .offered {
                plan.withdrawals.append(
                    Plan.Withdrawal(name: spec.name, epoch: current.epoch, reason: reason)
                )
            }
            return .offerNew(isDeviceMade: true)
        }
        // A generation that the device did not take, unless an admin has asked for another one.
        let isRetry = latest?.state == .withdrawn && latest?.rotateAt == nil
        guard let current else {
            let isBlocked = isRetry && latest?.failure?.isRetryable == false
            return isBlocked ? .nothing(valid: nil) : .offerNew(isDeviceMade: isRetry)
        }
        if current.state == .offered { return .offerAgain(current.epoch) }
        let mine = held.first { $0.epoch == current.epoch }
        // The bridge brings it into use.
        if mine?.state == .pending { return .nothing(valid: current.epoch) }
        if let due = current.rotateAt, due <= now { return .offerNew(isDeviceMade: isRetry) }
        switch mine?.state {
        case .primary: return .nothing(valid: current.epoch)
        case .suspended: return .resume(current.epoch)
        // Both sides took different ways, and a device never goes back: only a later one unites them.
        case .grace, .gone: return .offerNew(isDeviceMade: true)
        case .pending, nil: return .offerAgain(current.epoch)
        }
    }
}
