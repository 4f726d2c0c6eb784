internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import Secrets

// When a session begins, and over which link.
extension Runner {
    /// Enrolment has a link for each try: its topics carry the session's own identifier.
    func beginEnrolment(of device: DeviceRecord) async throws {
        guard let password = device.enrolPassword else {
            throw StoreError(.corrupt, "the device record has no enrolment account")
        }
        let connection = try randomConnection()
        let topics = Topics(fleet: device.fleet, enrolling: hexadecimal(connection.bytes))
        try makeTalk(device, connection, topics, isEnrolment: true)
        log(
            .info,
            "enrolling",
            ["device": device.name.description, "fleet": device.fleet.description]
        )
        try await openLink(
            of: device,
            clientID: hexadecimal(connection.bytes),
            username: "@enrol",
            password: password,
            topics: topics
        )
    }

    /// The one link of an enrolled device.
    func openDeviceLink(of device: DeviceRecord) async throws {
        guard let account = device.account else {
            throw StoreError(.corrupt, "the device record has no account at the broker")
        }
        let password = KeyMaterial(BrokerPassword.text(account))
        // Nobody shall guess the client id: whoever connects with it throws this agent out.
        try await openLink(
            of: device,
            clientID: hexadecimal(try crypto.randomBytes(8)),
            username: device.name.description,
            password: password,
            topics: Topics(fleet: device.fleet, device: device.name)
        )
    }

    /// Asks for a new account when the broker keeps refusing the device's own.
    ///
    /// The broker may have another password for it: one from an enrolment that was delayed on its way.
    /// The enrolment's account leads to a new one.
    func wasRefused() async throws {
        refusals += 1
        // A broker that hears of accounts late would otherwise have a fleet enrol again and again.
        guard refusals >= timings.refusalsBeforeRenewal << min(renewals, 2), talk == nil,
            let device = store.device, device.life == .enrolled || device.life == .retiring
        else { return }
        renewals += 1
        log(.warning, "asking for a new account at the broker")
        try await enrolAgain(device)
    }

    private func enrolAgain(_ device: DeviceRecord) async throws {
        try await beginEnrolment(of: device)
        // Unlike a first enrolment it must not wait for ever: the old account may work again.
        timers.set(.session, after: timings.session)
    }

    private func openLink(
        of device: DeviceRecord,
        clientID: String,
        username: String,
        password: KeyMaterial,
        topics: Topics
    ) async throws {
        await closeLink()
        linkNumber += 1
        let (number, mailbox) = (linkNumber, mailbox)
        let link = try transport.link(
            LinkSettings(
                host: device.broker.host,
                port: device.broker.port,
                authorityFile: try store.authorityFile(),
                clientID: clientID,
                username: username,
                password: password,
                topics: topics.read
            )
        )
        self.link = link
        try await link.start { mailbox.post(.link(number, $0)) }
    }

    func closeLink() async {
        (isConnected, wasConnected, refusals) = (false, false, 0)
        let old = link
        link = nil
        await old?.close()
    }

    /// The broker let us in: go on where we were, or make up for nudges that were missed.
    func connected() async throws {
        let isFirst = !wasConnected
        (wasConnected, refusals) = (true, 0)
        if talk?.conduct.isEnrolment != true { renewals = 0 }
        if trial != nil {
            // The session has nothing to say before the hook has.
        } else if talk != nil {
            if !timers.isSet(.session) { timers.set(.session, after: timings.session) }
            transmit()
        } else if wantsContact {
            try await beginContact()
        } else if !isFirst {
            timers.set(.contact, within: timings.reconnectSpread.randomPart)
        }
    }

    /// A hint that the server has something; it carries no authority, and a flood of them is thinned.
    func nudged() {
        guard allowance.take(at: .now) else {
            // Even between two sessions: a flood of hints shall not be a flood of sessions.
            timers.set(.contact, within: .seconds(1))
            return
        }
        requestContact(within: timings.nudgeDelay.randomPart)
    }

    func requestContact(within pause: Duration) {
        guard talk == nil else {
            // What the nudge is about may have come too late for this session.
            wantsContact = true
            return
        }
        timers.set(.contact, within: pause)
    }

    /// Begins a session, or notes that one is due.
    func beginContact() async throws {
        guard let device = store.device, device.life < .retired else { return }
        guard talk == nil else {
            wantsContact = true
            return
        }
        if device.life == .enrolling { return try await beginEnrolment(of: device) }
        if approach.takeIntroduction() {
            log(.warning, "the server does not know this device; introducing it again")
            return try await enrolAgain(device)
        }
        guard isConnected else {
            wantsContact = true
            return
        }
        wantsContact = false
        timers.cancel(.contact)
        try makeTalk(
            device,
            try randomConnection(),
            Topics(fleet: device.fleet, device: device.name),
            isEnrolment: false
        )
        timers.set(.session, after: timings.session)
        transmit()
    }

    private func makeTalk(
        _ device: DeviceRecord,
        _ connection: ConnectionID,
        _ topics: Topics,
        isEnrolment: Bool
    ) throws {
        let conduct = try Conduct(
            as: device,
            of: store,
            isEnrolment: isEnrolment,
            connection: connection,
            suites: approach.offer,
            version: version,
            instance: instance,
            crypto: crypto,
            anchor: approach.anchor(of: device),
            hasHook: hook != nil
        )
        talk = Talk(conduct, topics: topics, timings: timings)
    }

    private func randomConnection() throws -> ConnectionID {
        ConnectionID(try crypto.randomBytes(Profile.connectionIDLength))
    }
}
