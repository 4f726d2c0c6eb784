internal import AgentKit
internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import MQTTLink
internal import ServerKit

// When a device's agent starts, talks and dies; after the agent's own loop.
extension World {
    func boot(_ device: SimulatedDevice) async {
        guard !device.isRunning, device.silentUntil <= now else { return }
        do throws(StoreError) {
            let store = try KeyStore(
                device.disk.path,
                crypto: device.crypto,
                faults: device.disk.faults
            )
            device.store = store
            device.instance = (try? device.crypto.randomBytes(Report.instanceLength)) ?? []
            if store.device == nil, let bundle = device.bundle {
                _ = try store.begin(with: bundle, name: device.name)
            }
        } catch {
            return couldNotStart(device, error)
        }
        guard !endIfPlanned(device) else { return }
        trace(device, "agent starts")
        startGraceTimers(device)
        guard let record = device.store?.device else { return }
        switch record.life {
        case .retired: trace(device, "is retired")
        case .enrolling: attempt(device) { try beginEnrolment(device, record) }
        case .enrolled, .retiring:
            device.wantsContact = true
            connect(device, .device)
        }
    }

    private func couldNotStart(_ device: SimulatedDevice, _ error: StoreError) {
        if device.disk.hasEnded { return kill(device, powerLost: false) }
        trace(device, "agent cannot start: \(error.code)")
        if error.code != .full { violate(.storeDamaged, device, "\(error)") }
        kill(device, powerLost: false, pause: 60_000)
    }

    /// Ends the process if its disk has come to the point that was planned.
    func endIfPlanned(_ device: SimulatedDevice) -> Bool {
        guard device.disk.hasEnded else { return false }
        count(.deviceCrashInWrite)
        kill(device, powerLost: false)
        return true
    }

    /// Ends the process at once; the service manager, or the power, comes back.
    func kill(_ device: SimulatedDevice, powerLost: Bool, pause: Int64? = nil) {
        trace(device, powerLost ? "loses power" : "is killed")
        device.forget()
        device.disk.settle(powerLost: powerLost)
        touched.insert(device.index)
        let pause = pause ?? device.chance.magnitude(100...120_000)
        after(pause, .boot(device.index))
    }

    // MARK: - Links

    func connect(_ device: SimulatedDevice, _ link: SimulatedDevice.Link) {
        (device.isConnected, device.wasConnected) = (false, false)
        device.link = link
        device.count += 1
        device.linkNumber = device.count
        if !device.isCut { after(latency(), .linked(device.index, number: device.linkNumber)) }
    }

    func disconnect(_ device: SimulatedDevice) {
        (device.isConnected, device.wasConnected) = (false, false)
        device.link = .none
        device.linkNumber = 0
    }

    func linked(_ device: SimulatedDevice, number: Int) {
        guard device.isRunning, device.linkNumber == number, !device.isCut else { return }
        let isFirst = !device.wasConnected
        (device.isConnected, device.wasConnected) = (true, true)
        if device.link == .device { broker.deliverOrders(to: device.name, in: self) }
        if device.conduct != nil {
            if device.timers[.session] == nil {
                set(device, .session, after: device.timings.session)
            }
            transmit(device)
        } else if device.wantsContact {
            beginContact(device)
        } else if !isFirst {
            set(device, .contact, within: device.timings.reconnectSpread * device.chance.part())
        }
    }

    /// Cuts a device off, or lets it back.
    func setCut(_ device: SimulatedDevice, _ isCut: Bool) {
        device.isCut = isCut
        trace(device, isCut ? "is cut off" : "reaches the broker again")
        if isCut {
            device.isConnected = false
        } else if device.isRunning, device.link != .none {
            after(latency(), .linked(device.index, number: device.linkNumber))
        }
    }

    // MARK: - Sessions

    func beginContact(_ device: SimulatedDevice) {
        guard let record = device.store?.device, record.life < .retired else { return }
        guard device.conduct == nil else {
            device.wantsContact = true
            return
        }
        if record.life == .enrolling {
            return attempt(device) { try beginEnrolment(device, record) }
        }
        if device.approach.takeIntroduction() {
            trace(device, "introduces itself again")
            return attempt(device) {
                try beginEnrolment(device, record)
                set(device, .session, after: device.timings.session)
            }
        }
        guard device.isConnected else {
            device.wantsContact = true
            return
        }
        device.wantsContact = false
        device.timers[.contact] = nil
        attempt(device) {
            try makeConduct(device, record, .device(device.name), isEnrolment: false)
            set(device, .session, after: device.timings.session)
            transmit(device)
        }
    }

    private func beginEnrolment(_ device: SimulatedDevice, _ record: DeviceRecord) throws {
        try makeConduct(device, record, nil, isEnrolment: true)
        guard case .enrolment(let connection) = device.channel else { return }
        connect(device, .enrolment(connection))
    }

    private func makeConduct(
        _ device: SimulatedDevice,
        _ record: DeviceRecord,
        _ channel: Channel?,
        isEnrolment: Bool
    ) throws {
        guard let store = device.store else { return }
        let connection = ConnectionID(try device.crypto.randomBytes(Profile.connectionIDLength))
        device.conduct = try Conduct(
            as: record,
            of: store,
            isEnrolment: isEnrolment,
            connection: connection,
            suites: device.approach.offer,
            version: "0.2.0",
            instance: device.instance,
            crypto: device.crypto,
            anchor: device.approach.anchor(of: record),
            hasHook: device.hasHook
        )
        device.began = now
        device.refused = device.untaken
        device.channel = channel ?? .enrolment(hexadecimal(connection.bytes))
        device.resend = resendPauses(device)
        trace(device, isEnrolment ? "begins a session, to enrol" : "begins a session")
    }

    func transmit(_ device: SimulatedDevice) {
        guard let payload = device.conduct?.outgoing, let channel = device.channel else { return }
        if device.isConnected, !device.isCut {
            broker.publish(payload, to: .server(channel), from: device.index, in: self)
        }
        set(device, .resend, after: device.resend.next())
    }

    func resendPauses(_ device: SimulatedDevice) -> Backoff {
        SimulatedDevice.backoff(
            device.timings.resend,
            max(device.timings.resend, device.timings.session),
            device.chance.next()
        )
    }

    /// A fault of our own in the middle of an agent's work is a finding, not the end of the run.
    func attempt(_ device: SimulatedDevice, _ body: () throws -> Void) {
        do { try body() } catch { violate(.agentFailed, device, "\(error)") }
    }
}
