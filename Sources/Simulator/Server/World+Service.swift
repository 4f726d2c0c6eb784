internal import Fleet
internal import Registry
internal import ServerKit

// What the server does by itself: starts, sweeps, sends nudges, ends.
extension World {
    func startServer() async {
        guard !server.isRunning else { return }
        do { try server.open() } catch {
            return violate(.serverFailed, nil, "cannot start: \(error)")
        }
        trace(nil, "starts")
        await compareAuditLog()
        requestPulse()
        await noteCommit()
    }

    /// What was committed before the end must be there after the start.
    private func compareAuditLog() async {
        guard let registry = server.registry, watch.audited != .max else { return }
        do throws(RegistryError) {
            let count = try await registry.status(now: serverTime).audit.count
            guard count < watch.audited else { return }
            violate(.commitLost, nil, "the audit log had \(watch.audited) rows, now \(count)")
        } catch {
            violate(.serverFailed, nil, "cannot be looked at after a start: \(error)")
        }
    }

    /// Ends the process at once; the service manager starts it again.
    func endServer() async {
        trace(nil, "is killed")
        await server.end()
        changedAtServer = true
        after(server.chance.magnitude(50...60_000), .serverBoot)
    }

    /// Ends the process if it has come to the point that was planned.
    func endServerIfPlanned() async -> Bool {
        guard server.faults.hasEnded else { return false }
        await endServer()
        return true
    }

    func endsBeforeAnswer() async -> Bool {
        if await endServerIfPlanned() { return true }
        guard happens(.serverCrashBeforeAnswer) else { return false }
        count(.serverCrashBeforeAnswer)
        await endServer()
        return true
    }

    /// Something was committed: it is looked at, its nudges leave, and campaigns go on.
    func noteCommit() async {
        await noteNudges()
        requestPulse()
    }

    /// The same for what campaigns did themselves.
    func noteNudges() async {
        changedAtServer = true
        await look()
        await sendNudges()
    }

    func tick() async {
        after(server.chance.magnitude(60_000...3 * 3_600_000), .serverTick)
        server.expire(at: now)
        await sweep()
    }

    func sweep() async {
        guard let registry = server.registry else { return }
        do throws(RegistryError) {
            let count = try await registry.sweep(now: serverTime)
            if count > 0 { trace(nil, "ends \(count) graces") }
            let due = try await registry.nudgeDue(now: serverTime)
            if due > 0 { trace(nil, "nudges \(due) devices whose keys are due") }
            await noteCommit()
        } catch {
            guard await !endServerIfPlanned() else { return }
            if error.code != .diskFull { violate(.serverFailed, nil, "sweep: \(error)") }
        }
    }

    private func sendNudges() async {
        guard let registry = server.registry else { return }
        do throws(RegistryError) {
            let items = try await registry.takeOutbox(limit: 200)
            guard !items.isEmpty else { return }
            for item in items {
                guard let device = devices.first(where: { $0.name == item.device }) else {
                    continue
                }
                switch item.kind {
                case .nudge:
                    trace(device, "is nudged")
                    broker.nudge(device.index, in: self)
                case .order:
                    let order = try await registry.order(for: device.name, now: serverTime)
                    trace(device, order.isEmpty ? "has no order" : "has an order")
                    broker.retain(order, for: device.name, in: self)
                }
            }
            try await registry.outboxDone(items.map(\.id))
        } catch {
            guard await !endServerIfPlanned() else { return }
            if error.code != .diskFull { violate(.serverFailed, nil, "outbox: \(error)") }
        }
    }
}
