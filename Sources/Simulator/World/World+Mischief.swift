internal import Registry

// What breaks beside the broker, and is whole again after a while.
extension World {
    private static let hour: Int64 = 3_600_000

    func breakSomething() async {
        guard !isQuiet else { return }
        after(chance.magnitude(60_000...8 * Self.hour), .mischief)
        // Backups are made whether or not one is ever needed.
        if server.isRunning, chance.happens(0.25) { backUp() }
        guard let fault = chooseFault() else { return }
        let device = devices[chance.index(devices.count)]
        switch fault {
        case .deviceCrashInWrite: device.disk.plan(.killed, after: chance.index(14))
        case .powerLoss:
            count(.powerLoss)
            if chance.happens(0.3), device.isRunning {
                kill(device, powerLost: true)
            } else {
                let keeps = chance.happens(0.5)
                device.disk.plan(.powerLost(keepsRename: keeps), after: chance.index(14))
            }
        case .serverCrashInChange:
            count(fault)
            server.faults.plan(.statement, after: chance.index(40))
        case .serverCrashAfterCommit:
            count(fault)
            server.faults.plan(.committed, after: chance.index(3))
        case .networkCut:
            guard !device.isCut else { return }
            count(fault)
            setCut(device, true)
            after(chance.magnitude(1000...20 * Self.hour), .mended(.cut(device.index)))
        case .deviceDiskFull:
            count(fault)
            trace(device, "its disk is full")
            device.disk.setFull(true)
            after(
                chance.magnitude(10_000...10 * Self.hour),
                .mended(.deviceDiskFull(device.index))
            )
        case .serverDiskFull:
            count(fault)
            trace(nil, "its disk is full")
            server.faults.setFull(true)
            after(chance.magnitude(10_000...3 * Self.hour), .mended(.serverDiskFull))
        case .deviceSilent: silence(device)
        case .serverRestored: await restore()
        case .clock1970, .clockJump, .clock2039: setClock(fault)
        default: break
        }
    }

    func mend(_ trouble: Trouble) {
        switch trouble {
        case .cut(let index): setCut(devices[index], false)
        case .deviceDiskFull(let index):
            devices[index].disk.setFull(false)
            trace(devices[index], "its disk has room again")
        case .serverDiskFull:
            server.faults.setFull(false)
            trace(nil, "its disk has room again")
        }
    }

    /// One of those that happen now and then, by weight.
    private func chooseFault() -> Fault? {
        let kinds: [Fault] = [
            .deviceCrashInWrite, .powerLoss, .serverCrashInChange, .serverCrashAfterCommit,
            .networkCut, .deviceDiskFull, .serverDiskFull, .deviceSilent, .serverRestored,
            .clock1970, .clockJump, .clock2039,
        ]
        let sum = kinds.reduce(0) { $0 + weather.rate($1) }
        guard sum > 0 else { return nil }
        var place = chance.part() * sum
        for kind in kinds {
            place -= weather.rate(kind)
            if place < 0 { return kind }
        }
        return nil
    }

    /// Switched off for days, or for more than a year.
    private func silence(_ device: SimulatedDevice) {
        guard device.silentUntil <= now else { return }
        count(.deviceSilent)
        trace(device, "is switched off")
        device.forget()
        device.disk.settle(powerLost: true)
        device.count += 1
        touched.insert(device.index)
        let isLong = chance.happens(0.3)
        let days = isLong ? chance.number(300...500) : chance.number(1...20)
        if isLong { skip(days: days) }
        // The year passes for all, so that nobody has to live through it hour by hour.
        let rest = chance.magnitude(1000...12 * Self.hour)
        after(isLong ? rest : days * 24 * Self.hour, .boot(device.index))
        device.silentUntil = now + (isLong ? rest : days * 24 * Self.hour)
    }

    private func setClock(_ fault: Fault) {
        count(fault)
        let wanted: Int64 =
            switch fault {
            case .clock1970: chance.magnitude(0...1_000_000)
            case .clock2039: 2_180_000_000 + chance.magnitude(0...1_000_000)
            default:
                serverTime
                    + (chance.happens(0.5) ? 1 : -1) * chance.magnitude(1...400 * 86_400)
            }
        server.clock += max(0, wanted) - serverTime
        trace(nil, "its clock shows \(serverTime)")
    }

    private func backUp() {
        // Who was never heard by the server of the backup would have to be imported by an admin.
        guard isEveryoneKnown else { return }
        server.copies += 1
        let path = "\(server.folder)/backup-\(server.copies)"
        guard server.backups.count < 6, (try? server.copy(to: path)) != nil else { return }
        server.backups.append(SimulatedServer.Backup(time: now, path: path))
        trace(nil, "is backed up")
    }

    private func restore() async {
        guard let backup = server.backups.randomElement(using: &chance) else { return }
        count(.serverRestored)
        await server.end()
        do { try server.restore(backup.path) } catch {
            return violate(.serverFailed, nil, "cannot copy a backup back: \(error)")
        }
        trace(nil, "is restored from a backup of \((now - backup.time) / Self.hour) hours ago")
        watch.restored(devices.map(\.index), at: now)
        changedAtServer = true
        await startServer()
    }
}
