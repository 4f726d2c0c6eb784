internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import MQTTLink
internal import Secrets

// What a session asks for, in the order that survives a crash: first the disk, then the answer.
extension Runner {
    /// Sends the session's payload, and again later: the same bytes, whatever was lost.
    func transmit() {
        guard let payload = talk?.session.outgoing, let topic = talk?.topics.up else { return }
        if isConnected {
            do throws(LinkError) {
                try link?.send(payload, to: topic)
            } catch {
                log(.debug, "could not send", ["reason": error.description])
            }
        }
        if let pause = talk?.resend.next() { timers.set(.resend, after: pause) }
    }

    /// Performs what the session says until it waits for the server again, or is over.
    func follow(_ first: DeviceEvent, _ goal: Agent.Goal) async throws -> Agent.Ending? {
        var event = first
        let outcome: Talk.Outcome
        do {
            following: while true {
                switch try await perform(event) {
                case .event(let next): event = next
                case .wait: return nil
                case .end(let reason):
                    outcome = reason
                    break following
                }
            }
        } catch {
            outcome = .stuck("\(error)")
        }
        return try await finish(outcome, goal)
    }

    fileprivate enum Step {
        case event(DeviceEvent)
        case wait
        case end(Talk.Outcome)
    }

    private func perform(_ event: DeviceEvent) async throws -> Step {
        switch event {
        case .nothing: return .wait
        case .send:
            talk?.resend = Talk.pauses(timings)
            transmit()
            return .wait
        case .perform(let operation):
            let result = try await identityKey().perform(operation)
            return next(talk?.session.provide(result))
        case .install(let offer):
            try rememberEnrolment()
            let (results, fault) = store.install(offer.keys)
            if let fault { log(.error, "cannot store keys", ["reason": fault.description]) }
            logInstalled(offer, results)
            return next(talk?.session.installed(results))
        case .settle(let settle):
            try rememberEnrolment()
            try settled(settle)
            return .end(.settled)
        case .retire(let retire):
            try rememberEnrolment()
            let destroyed = try store.retire(counter: retire.counter, scope: retire.scope)
            if retire.scope == .device { talk?.endsDevice = true }
            for key in destroyed { logDestroyed(key, "retired") }
            return next(talk?.session.destroyed(destroyed))
        case .refused(let problem): return .end(.refused(problem))
        case .failed(let failure): return .end(outcome(of: failure))
        }
    }

    /// Each suite is tried once in a row, so that an error message that a broker makes up and repeats
    /// leads to the pauses of any other failure.
    private func outcome(of failure: SessionFailure) -> Talk.Outcome {
        if case .peerError(.unknownCredential) = failure { unknowns += 1 }
        guard case .peerError(.wrongSuite(let supported)) = failure else {
            return .failed(failure.description)
        }
        do throws(EDHOCError) {
            try suites.refused(supported: supported)
            return .unsuited
        } catch {
            return .failed(failure.description)
        }
    }

    /// The session is over when there is none.
    private func next(_ event: DeviceEvent?) -> Step { event.map { .event($0) } ?? .wait }

    /// The server has authenticated itself and let the device in.
    private func rememberEnrolment() throws {
        guard talk?.isEnrolment == true, let account = talk?.session.brokerPassword() else {
            return
        }
        try store.enrolled(account: account)
    }

    private func settled(_ settle: Settle) throws {
        let destroyed = try store.apply(settle.verdicts)
        for verdict in settle.verdicts {
            guard case .activate(let epoch, _) = verdict.action else { continue }
            log(
                .info,
                "key in use",
                ["key": verdict.name.description, "epoch": epoch.description]
            )
        }
        for key in destroyed { logDestroyed(key, "superseded or removed") }
        if talk?.endsDevice == true { try store.finishRetirement() }
        startGraceTimers()
    }

    private func identityKey() throws -> SoftwareKey {
        guard let privateKey = store.device?.privateKey else {
            throw StoreError(.corrupt, "the device record has no identity key")
        }
        return SoftwareKey(try crypto.agreementKey(.p256, privateKey: privateKey.secret))
    }

    /// Each superseded key has its time from its supersession; after a restart it begins anew, since
    /// nobody knows how long the device was off.
    func startGraceTimers() {
        for period in store.gracePeriods {
            let purpose = Timers.Purpose.grace(period.name, period.epoch)
            if !timers.isSet(purpose) { timers.set(purpose, after: period.duration) }
        }
    }

    func endGrace(_ name: KeyName, _ epoch: Epoch) {
        do throws(StoreError) {
            guard try store.endGrace(of: name, epoch) else { return }
            log(.info, "grace is over", ["key": name.description, "epoch": epoch.description])
        } catch {
            log(.error, "cannot destroy a key", ["reason": error.description])
            timers.set(.grace(name, epoch), after: timings.longestPause)
        }
    }

    private func logInstalled(_ offer: Offer, _ results: [InstallResult]) {
        for result in results {
            if let failure = result.failure {
                log(
                    .warning,
                    "key not taken",
                    [
                        "key": result.name.description, "epoch": result.epoch.description,
                        "failure": failure.description,
                    ]
                )
            } else {
                log(
                    .info,
                    "key stored",
                    [
                        "key": result.name.description, "epoch": result.epoch.description,
                        "operation": offer.operation.description,
                    ]
                )
            }
        }
    }

    private func logDestroyed(_ key: DestroyedKey, _ reason: String) {
        log(
            .info,
            "key destroyed",
            ["key": key.name.description, "epoch": key.epoch.description, "reason": reason]
        )
    }
}
