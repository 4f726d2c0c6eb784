internal import EDHOC
internal import KeyExchange
internal import KeyStore
internal import MQTTLink

// How a session ends, and what comes after it.
extension Runner {
    func finish(_ outcome: Talk.Outcome, _ goal: Agent.Goal) async throws -> Agent.Ending? {
        guard let wasEnrolment = talk?.conduct.isEnrolment else { return nil }
        talk = nil
        timers.cancel(.session)
        timers.cancel(.resend)
        var pause: Duration?
        switch outcome {
        case .settled:
            pauses.reset()
            approach.settled()
            log(.info, "settled with the server")
        case .refused(let problem):
            if let ending = refused(problem, goal) { return ending }
            if problem.code.isRetryable {
                pause = pauses.next()
            } else if store.device?.life == .enrolling {
                // Registered by its public key, perhaps a little later than it was switched on.
                pause = timings.longestPause.jittered
            }
            trouble = problem.description
        case .failed(let reason):
            log(.warning, "the session broke; another one follows", ["reason": reason])
            (pause, trouble) = (pauses.next(), reason)
            approach.broke()
        case .unsuited:
            log(.info, "the server asks for another cipher suite")
            pause = .zero
        case .stuck(let reason):
            log(.error, "this side cannot go on; trying again", ["reason": reason])
            (pause, trouble) = (pauses.next(), reason)
        }
        return try await proceed(after: pause, wasEnrolment: wasEnrolment, goal)
    }

    private func proceed(
        after pause: Duration?,
        wasEnrolment: Bool,
        _ goal: Agent.Goal
    ) async throws -> Agent.Ending? {
        guard let life = store.device?.life else { return .empty }
        if life == .retired {
            log(.info, "this device is retired")
            return .retired
        }
        if wasEnrolment, life > .enrolling {
            log(.info, "enrolled", ["device": store.device?.name.description ?? ""])
            timers.cancel(.limit)
            if goal == .enrolment { return .enrolled }
            // The account is new: the device has topics of its own from here on. What the session left
            // open is due at once; and a nudge may have been missed in between.
            wantsContact = pause != nil
            if let device = store.device { try await openDeviceLink(of: device) }
            timers.set(.contact, after: timings.reconnectSpread.randomPart)
            return nil
        }
        if wasEnrolment, life == .enrolling { await closeLink() }
        if let pause {
            timers.set(.contact, after: pause)
        } else if wantsContact, isConnected {
            try await beginContact()
        } else {
            timers.set(.contact, within: timings.contactInterval.jittered)
        }
        return nil
    }

    private func refused(_ problem: Problem, _ goal: Agent.Goal) -> Agent.Ending? {
        log(
            problem.code.isRetryable ? .warning : .error,
            "the server refuses",
            [
                "problem": problem.code.description, "text": problem.text,
                "advice": problem.code.advice,
            ]
        )
        guard store.device?.life == .enrolling, !problem.code.isRetryable else { return nil }
        // A pre-registered device may be switched on before the admin has imported it, and a quarantine
        // ends without anyone at the device.
        let mayEnd =
            problem.code == .deviceQuarantined
            || problem.code == .unknownDevice && store.device?.token == nil
        return goal == .end && mayEnd ? nil : .refused(problem)
    }
}
