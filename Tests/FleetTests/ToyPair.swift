import Fleet
import KeyExchange

/// One key of one device, on both sides, with the real `Reconciler` between them.
///
/// The server follows the table of `KeyState`, the device the rules of `docs/protocol.md` § 9; whatever
/// is said may get lost.
struct ToyPair {
    /// How far a session comes.
    enum Reach: Int, CaseIterable {
        /// The server has made its plan, and nobody hears of it.
        case planned
        /// The device has stored what was offered, and nobody hears of it.
        case installed
        /// The server has taken the confirmation, and nobody hears of it.
        case confirmed
        /// Both are done.
        case settled
    }

    let spec: KeySpec
    var records: [KeyRecord] = []
    var held: [Report.HeldEpoch] = []
    var now = Story.now
    private var materials: UInt16 = 0

    init(grace: UInt32) throws { spec = try Story.spec(grace: grace) }

    /// A thumbprint that no other key has.
    mutating func newThumbprint() throws -> Thumbprint {
        materials += 1
        var bytes = [UInt8](repeating: 0, count: 32)
        (bytes[0], bytes[1]) = (UInt8(materials >> 8), UInt8(materials & 0xff))
        guard let thumbprint = Thumbprint(bytes: bytes) else { throw FleetError("32 bytes") }
        return thumbprint
    }

    var plan: Plan {
        let report = Report(
            agentVersion: "1",
            store: .file,
            level: .software,
            lastOrder: 0,
            keys: held.isEmpty ? [] : [Report.HeldKey(name: spec.name, epochs: held)],
            instance: [UInt8](repeating: 1, count: Report.instanceLength)
        )
        return Reconciler.plan(specs: [spec], records: records, report: report, now: now)
    }

    /// Whether the device holds a generation that the server accepts.
    var hasCommonKey: Bool { held.contains { state(of: $0)?.isAccepted == true } }

    /// Whether the server accepts the generation that the device uses.
    var usesCommonKey: Bool {
        held.contains { $0.state == .primary && state(of: $0)?.isAccepted == true }
    }

    /// Whether an admin has taken the key out of use for now.
    var isPutAside: Bool { records.contains { $0.state == .suspended } }

    /// Whether what the device uses is accepted by the server, or only put aside by it.
    var isUseKnown: Bool {
        guard let used, let current = held.first(where: { $0.epoch == used }) else { return true }
        return state(of: current).map { $0.isAccepted || $0 == .suspended } ?? false
    }

    /// What the server thinks of a generation of the device's, if it is the same key.
    private func state(of entry: Report.HeldEpoch) -> KeyState? {
        records.first {
            $0.epoch == entry.epoch && $0.thumbprint.check == entry.check
        }?.state
    }

    /// One session; what becomes of an offer is the device's word.
    mutating func talk(to reach: Reach, failing: FailureKind? = nil) throws -> Plan {
        beginGraces()
        let plan = plan
        for withdrawal in plan.withdrawals {
            for index in records.indices where records[index].epoch == withdrawal.epoch {
                move(index, to: .withdrawn)
            }
        }
        var offered: [KeyRecord] = []
        for offer in plan.offers {
            if offer.isNew { try make(offer.epoch) }
            offered += records.filter { $0.epoch == offer.epoch }
        }
        guard reach > .planned else { return plan }
        var verdicts = plan.verdicts
        if !plan.offers.isEmpty {
            let before = held
            let outcomes = offered.map { ($0.epoch, failing ?? install($0)) }
            guard reach > .installed else { return plan }
            for (epoch, failure) in outcomes {
                verdicts += confirm(epoch, failure, heldBefore: before)
            }
        }
        guard reach > .confirmed else { return plan }
        for verdict in verdicts { apply(verdict.action) }
        return plan
    }
}

// MARK: - The server

extension ToyPair {
    private mutating func move(_ index: Int, to state: KeyState, rotateAt: Int64? = nil) {
        precondition(records[index].state.mayBecome(state))
        records[index].state = state
        records[index].graceUntil = nil
        records[index].rotateAt = rotateAt
    }

    private mutating func destroy(_ index: Int) {
        switch records[index].state {
        case .offered: move(index, to: .withdrawn)
        case .compromised: move(index, to: .destroyedCompromised)
        default:
            move(index, to: .deactivated)
            move(index, to: .destroyed)
        }
    }

    private mutating func make(_ epoch: Epoch) throws {
        for index in records.indices where records[index].state == .withdrawn {
            records[index].rotateAt = nil
        }
        var record = try Story.record(epoch.number, .offered)
        record.thumbprint = try newThumbprint()
        records.append(record)
    }

    private mutating func beginGraces() {
        for index in records.indices
        where records[index].state == .superseded && records[index].graceUntil == nil {
            let epoch = records[index].epoch
            let isFollowed = held.contains {
                ($0.state == .primary || $0.state == .suspended) && $0.epoch > epoch
            }
            if isFollowed { records[index].graceUntil = now + Int64(spec.graceSeconds) }
        }
    }

    private mutating func confirm(
        _ epoch: Epoch,
        _ failure: FailureKind?,
        heldBefore: [Report.HeldEpoch]
    ) -> [Verdict] {
        guard let index = records.firstIndex(where: { $0.epoch == epoch }) else { return [] }
        let grace = Reconciler.grace(for: spec, replacing: heldBefore, records: records)
        let isOffered = records[index].state == .offered
        guard failure == nil, isOffered || records[index].state == .active else {
            if isOffered {
                move(index, to: .withdrawn)
                records[index].failure = failure
                guard failure?.isRetryable == false else { return [discard(epoch)] }
                for other in records.indices where records[other].state == .active {
                    records[other].rotateAt = nil
                }
            } else if failure == .unknownEpoch {
                records[index].rotateAt = now
            }
            return [discard(epoch)]
        }
        if isOffered {
            for old in records.indices {
                switch records[old].state {
                case .active: move(old, to: .superseded)
                case .compromised: destroy(old)
                default: break
                }
            }
            move(index, to: .active)
        }
        return [Verdict(name: spec.name, action: .activate(epoch, graceSeconds: grace))]
    }

    private func discard(_ epoch: Epoch) -> Verdict {
        Verdict(name: spec.name, action: .discard(epoch))
    }

    mutating func rotate() {
        guard !records.contains(where: { $0.state == .suspended }) else { return }
        for index in records.indices {
            switch records[index].state {
            case .withdrawn, .active, .compromised: records[index].rotateAt = now
            case .offered: records[index].rotateAt = nil
            default: break
            }
        }
    }

    mutating func suspend() {
        guard let active = records.firstIndex(where: { $0.state == .active }) else { return }
        var due = records[active].rotateAt
        if let offered = records.firstIndex(where: { $0.state == .offered }) {
            move(offered, to: .withdrawn)
            due = now
        }
        move(active, to: .suspended, rotateAt: due)
    }

    mutating func resume() {
        guard let index = records.firstIndex(where: { $0.state == .suspended }) else { return }
        move(index, to: .active, rotateAt: records[index].rotateAt)
    }

    mutating func compromise() {
        for index in records.indices where records[index].state.hasMaterial {
            switch records[index].state {
            case .compromised: break
            case .superseded where records[index].graceUntil == nil, .active:
                move(index, to: .compromised, rotateAt: now)
            default:
                move(index, to: .compromised)
                destroy(index)
            }
        }
    }

    /// Ends graces.
    mutating func sweep() {
        for index in records.indices {
            if let end = records[index].graceUntil, end <= now { destroy(index) }
        }
    }
}

// MARK: - The device

extension ToyPair {
    private mutating func install(_ record: KeyRecord) -> FailureKind? {
        if let known = held.first(where: { $0.epoch == record.epoch }) {
            return known.check == record.thumbprint.check ? nil : .unknownEpoch
        }
        guard held.allSatisfy({ $0.epoch < record.epoch }) else { return .unknownEpoch }
        guard held.count < MessageLimits.epochs else { return .storeFull }
        held.append(
            Report.HeldEpoch(
                epoch: record.epoch,
                state: .pending,
                check: record.thumbprint.check
            )
        )
        return nil
    }

    private mutating func apply(_ action: Verdict.Action) {
        switch action {
        case .activate(let epoch, let grace): activate(epoch, grace: grace)
        case .discard(let epoch): held.removeAll { $0.epoch == epoch && $0.state != .primary }
        case .remove: held = []
        case .suspend(let epoch):
            activate(epoch, grace: spec.graceSeconds)
            set(epoch, .suspended)
        case .resume(let epoch):
            guard held.contains(where: { $0.epoch == epoch && $0.state == .suspended }) else {
                return
            }
            set(epoch, epoch == used ? .primary : .grace)
        }
    }

    private mutating func set(_ epoch: Epoch, _ state: Report.EpochState) {
        for index in held.indices where held[index].epoch == epoch { held[index].state = state }
    }

    private mutating func activate(_ epoch: Epoch, grace: UInt32) {
        guard held.contains(where: { $0.epoch == epoch && $0.state == .pending }) else { return }
        let before = used
        held.removeAll { entry in
            entry.state == .gone
                || entry.epoch < epoch
                    && (entry.state == .pending || grace == 0 && entry.epoch == before)
        }
        for index in held.indices where held[index].epoch < epoch && held[index].state == .primary {
            held[index].state = .grace
        }
        set(epoch, .primary)
    }

    /// The generation in use, or suspended from it.
    private var used: Epoch? {
        held.last { $0.state == .primary || $0.state == .suspended }?.epoch
    }

    /// Its timers run out.
    mutating func endGraces() {
        let used = used
        held.removeAll { $0.state == .grace || $0.state == .suspended && $0.epoch != used }
    }
}

extension ToyPair: CustomStringConvertible {
    var description: String {
        let server = records.map { "\($0.epoch) \($0.state)" }.joined(separator: ", ")
        let device = held.map { held in
            let isKnown = records.contains { $0.thumbprint.check == held.check }
            return "\(held.epoch) \(held.state)\(isKnown ? "" : " of other bytes")"
        }
        return "[server: \(server); device: \(device.joined(separator: ", "))]"
    }
}

extension ToyPair.Reach: Comparable {
    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
