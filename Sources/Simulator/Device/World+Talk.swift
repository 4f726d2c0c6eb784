internal import AgentKit
internal import KeyExchange
internal import KeyStore
internal import MQTTLink
internal import ServerKit

// A session of a device from the first payload to its end; after the agent's own loop.
extension World {
    func deliver(
        _ payload: [UInt8],
        to device: SimulatedDevice,
        on topic: Topic,
        isRetained: Bool
    ) async {
        guard device.isRunning, device.listens(to: topic) else { return }
        switch topic {
        case .down:
            guard !isRetained, let event = device.conduct?.receive(payload) else { return }
            await follow(device, event)
        case .order: heed(payload, device)
        }
    }

    func requestContact(_ device: SimulatedDevice) {
        guard device.conduct == nil else {
            device.wantsContact = true
            return
        }
        set(device, .contact, within: device.timings.nudgeDelay * device.chance.part())
    }

    func ended(_ timer: SimulatedDevice.Timer, of device: SimulatedDevice) async {
        switch timer {
        case .resend: transmit(device)
        case .session:
            device.approach.broke()
            finish(device, .failed)
        case .contact: beginContact(device)
        case .order: heedLate(device)
        case .grace(let name, let epoch): endGrace(device, name, epoch)
        }
    }

    /// Performs what a session says, and dies anywhere on the way.
    private func follow(_ device: SimulatedDevice, _ first: DeviceEvent) async {
        var event = first
        while true {
            if happens(.deviceCrash) {
                count(.deviceCrash)
                return kill(device, powerLost: device.chance.happens(0.5))
            }
            guard let store = device.store, device.conduct != nil else { return }
            if case .settle(let settle) = event, let seam = options.seams.settling {
                event = .settle(seam(settle))
            }
            let step: Conduct.Step?
            do {
                step = try await device.conduct?.perform(event) { note in
                    self.note(note, of: device)
                }
            } catch {
                guard !endIfPlanned(device) else { return }
                trace(device, "cannot go on: \(Self.code(error))")
                return finish(device, .stuck)
            }
            touched.insert(device.index)
            guard !endIfPlanned(device) else { return }
            if case .install(let offer) = event { options.seams.installed?(store, offer) }
            // Such a session is about nothing else.
            if case .retire = event { device.refused = Set(watch.specs) }
            switch step {
            case .event(let next): event = next
            case .tryOut(let keys):
                guard let next = tryOut(keys, device) else { return }
                event = next
            case .transmit:
                device.resend = resendPauses(device)
                return transmit(device)
            case .wait, nil: return
            case .end(let outcome): return end(device, outcome)
            }
        }
    }

    /// The device's hook tries new keys; now and then it refuses some.
    private func tryOut(_ keys: [NewKey], _ device: SimulatedDevice) -> DeviceEvent? {
        let refused = keys.filter { _ in happens(.hookRefused) }
        for _ in refused { count(.hookRefused) }
        let event = device.conduct?.tried(refusing: refused) { note in self.note(note, of: device) }
        touched.insert(device.index)
        return endIfPlanned(device) ? nil : event
    }

    private func note(_ note: Conduct.Note, of device: SimulatedDevice) {
        switch note {
        case .installed(_, let results, _):
            for result in results {
                if result.failure == nil {
                    device.untaken.remove(result.name)
                } else {
                    device.refused.insert(result.name)
                    device.untaken.insert(result.name)
                }
                let what = result.failure.map { "does not take: \($0)" } ?? "stores"
                trace(device, "\(what) \(result.name) \(result.epoch)")
            }
        case .refused(let key, _):
            device.refused.insert(key.name)
            trace(device, "its hook refuses \(key.name) \(key.entry.epoch)")
        case .pinned(let generation): trace(device, "pins the server's anchor \(generation)")
        case .anchorRefused(let reason): trace(device, "does not pin an anchor: \(reason)")
        case .inUse(let name, let epoch): trace(device, "uses \(name) \(epoch)")
        case .destroyed(let key, let reason):
            trace(device, "destroys \(key.name) \(key.epoch): \(reason)")
        }
    }

    private enum End {
        case settled
        case refused(Problem)
        case failed
        case unsuited
        case stuck
    }

    private func end(_ device: SimulatedDevice, _ outcome: Conduct.Outcome) {
        switch outcome {
        case .settled:
            if let anchor = device.conduct?.anchor { device.approach.heard(anchor) }
            startGraceTimers(device)
            reconsiderOrder(device)
            guard device.isRunning else { return }
            finish(device, .settled)
        case .refused(let problem): finish(device, .refused(problem))
        case .failed(let failure):
            trace(device, "session failed: \(failure)")
            switch device.approach.failed(failure) {
            case .otherSuite: finish(device, .unsuited)
            case .retry: finish(device, .failed)
            }
        }
    }

    private func finish(_ device: SimulatedDevice, _ end: End) {
        guard let wasEnrolment = device.conduct?.isEnrolment, let life = device.store?.device?.life
        else { return }
        device.conduct = nil
        device.channel = nil
        (device.timers[.session], device.timers[.resend]) = (nil, nil)
        var pause: Duration?
        switch end {
        case .settled:
            device.pauses.reset()
            device.approach.settled()
            trace(device, "settled")
            watch.settled(device.index, began: device.began, but: device.refused)
        case .refused(let problem):
            trace(device, "is refused: \(problem.code)")
            if problem.code.isRetryable {
                pause = device.pauses.next()
            } else if life == .enrolling {
                pause = device.timings.longestPause
            }
        case .failed, .stuck: pause = device.pauses.next()
        case .unsuited: pause = .zero
        }
        proceed(device, after: pause, wasEnrolment: wasEnrolment)
    }

    private func proceed(_ device: SimulatedDevice, after pause: Duration?, wasEnrolment: Bool) {
        guard let life = device.store?.device?.life else { return }
        if life == .retired {
            trace(device, "is retired")
            return disconnect(device)
        }
        if wasEnrolment, life > .enrolling {
            trace(device, "is enrolled")
            device.wantsContact = pause != nil
            connect(device, .device)
            set(device, .contact, after: device.timings.reconnectSpread * device.chance.part())
            return
        }
        if wasEnrolment { disconnect(device) }
        if let pause {
            set(device, .contact, after: pause)
        } else if device.wantsContact, device.isConnected {
            beginContact(device)
        } else {
            let part = 0.9 + 0.2 * device.chance.part()
            set(device, .contact, within: device.timings.contactInterval * part)
        }
    }

    // MARK: - Graces

    func startGraceTimers(_ device: SimulatedDevice) {
        for period in device.store?.gracePeriods ?? [] {
            let timer = SimulatedDevice.Timer.grace(period.name, period.epoch)
            if device.timers[timer] == nil { set(device, timer, after: period.duration) }
        }
    }

    private func endGrace(_ device: SimulatedDevice, _ name: KeyName, _ epoch: Epoch) {
        touched.insert(device.index)
        do throws(StoreError) {
            if try device.store?.endGrace(of: name, epoch) == true {
                trace(device, "destroys \(name) \(epoch): grace is over")
            }
        } catch {
            guard !endIfPlanned(device) else { return }
            set(device, .grace(name, epoch), after: device.timings.longestPause)
        }
        _ = endIfPlanned(device)
    }

    private static func code(_ error: any Error) -> String {
        (error as? StoreError).map { "\($0.code)" } ?? "\(error)"
    }
}
