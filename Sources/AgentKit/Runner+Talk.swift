internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import MQTTLink

// What the agent does about a session: sends, sends again, performs, and writes it in the log.
extension Runner {
    /// Sends the session's payload, and again later: the same bytes, whatever was lost.
    func transmit() {
        guard let payload = talk?.conduct.outgoing, let topic = talk?.topics.up else { return }
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
                // A refusal is authentic, too, and renews nothing: who is in quarantine runs out of time.
                if event.isWork { serverWasHeard() }
                switch try await talk?.conduct.perform(event, note: { log($0) }) {
                case .event(let next): event = next
                case .transmit:
                    talk?.resend = Talk.pauses(timings)
                    transmit()
                    return nil
                case .tryOut(let keys):
                    guard let next = beginTrial(of: keys) else { return nil }
                    event = next
                case .wait, nil: return nil
                case .end(let end):
                    outcome = self.outcome(of: end)
                    break following
                }
            }
        } catch {
            outcome = .stuck("\(error)")
        }
        return try await finish(outcome, goal)
    }

    private func outcome(of end: Conduct.Outcome) -> Talk.Outcome {
        switch end {
        case .settled:
            if let anchor = talk?.conduct.anchor { approach.heard(anchor) }
            startGraceTimers()
            serverWasHeard()
            reconsiderOrder()
            judgements = [:]
            return .settled
        case .refused(let problem):
            if let anchor = talk?.conduct.anchor { approach.heard(anchor) }
            return .refused(problem)
        case .failed(let failure):
            switch approach.failed(failure) {
            case .otherSuite: return .unsuited
            case .retry: return .failed(reason(failure))
            }
        }
    }

    private func reason(_ failure: SessionFailure) -> String {
        guard case .handshake(let error) = failure, error.code == .unknownCredential else {
            return failure.description
        }
        return "the server is not the one that this device trusts: another fleet's, or "
            + "renewed since the bundle was made (\(failure))"
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

    func log(_ note: Conduct.Note) {
        switch note {
        case .installed(let offer, let results, let fault):
            if let fault { log(.error, "cannot store keys", ["reason": fault.description]) }
            for result in results { logInstalled(result, offer) }
        case .refused(let key, let fault):
            guard let fault else { break }
            log(
                .error,
                "cannot destroy a refused key",
                ["key": key.name.description, "reason": fault.description]
            )
        case .pinned(let generation):
            log(.info, "the server's next identity is pinned", ["anchor": "\(generation)"])
        case .anchorRefused(let reason):
            log(.warning, "the server's next identity is not pinned", ["reason": reason])
        case .inUse(let name, let epoch):
            log(.info, "key in use", ["key": name.description, "epoch": epoch.description])
        case .destroyed(let key, let reason):
            log(
                .info,
                "key destroyed",
                [
                    "key": key.name.description, "epoch": key.epoch.description,
                    "reason": reason,
                ]
            )
        }
    }

    private func logInstalled(_ result: InstallResult, _ offer: Offer) {
        let key = result.name.description
        let epoch = result.epoch.description
        if let failure = result.failure {
            log(
                .warning,
                "key not taken",
                ["key": key, "epoch": epoch, "failure": failure.description]
            )
        } else {
            log(
                .info,
                "key stored",
                ["key": key, "epoch": epoch, "operation": offer.operation.description]
            )
        }
    }
}

extension DeviceEvent {
    /// Whether the server gives the device something to do before the end.
    fileprivate var isWork: Bool {
        switch self {
        case .install, .retire: true
        case .nothing, .send, .perform, .settle, .refused, .failed: false
        }
    }
}
