internal import KeyExchange
internal import KeyStore

/// The new keys of one offer, which the hook tries one after another.
struct Trial {
    var waiting: ArraySlice<NewKey>
    var refused: [NewKey] = []
    var run: (process: HookProcess, number: Int, isLate: Bool)?
}

// The hook thinks while the loop goes on: the session waits, and everything else is heard.
extension Runner {
    /// Lets the hook try these keys; the session's next event, if there is nothing to wait for.
    func beginTrial(of keys: [NewKey]) -> DeviceEvent? {
        // What is said again meanwhile is heard again afterwards.
        timers.cancel(.resend)
        timers.cancel(.session)
        trial = Trial(waiting: keys[...])
        return goOn()
    }

    /// A run of the hook has ended.
    func hookEnded(_ number: Int, _ goal: Agent.Goal) async throws -> Agent.Ending? {
        guard let run = trial?.run, run.number == number, let key = trial?.waiting.popFirst() else {
            return nil
        }
        timers.cancel(.hook)
        trial?.run = nil
        let reason = run.process.finish()
        judge(key, run.isLate ? "no answer in \(hook?.timeout ?? .zero)" : reason)
        guard let event = goOn() else { return nil }
        return try await follow(event, goal)
    }

    /// The hook has taken too long; its end is heard of like any other.
    func hookIsLate() {
        trial?.run?.isLate = true
        trial?.run?.process.kill()
    }

    /// Ends a hook that still runs; its key stays pending and is offered again.
    func abandonTrial() {
        guard let run = trial?.run else { return }
        run.process.kill()
        _ = run.process.finish()
        trial = nil
    }

    /// Starts the next run; the session's next event, once no key is left.
    private func goOn() -> DeviceEvent? {
        while let key = trial?.waiting.first {
            // A session that broke after the trial, or did not last as long, brings the same key again.
            if let isTaken = judgements[key.entry.thumbprint] {
                trial?.waiting.removeFirst()
                if !isTaken { trial?.refused.append(key) }
            } else if start(key) {
                return nil
            }
        }
        guard let refused = trial?.refused else { return nil }
        trial = nil
        timers.set(.session, after: timings.session)
        return talk?.conduct.tried(refusing: refused) { log($0) }
    }

    private func start(_ key: NewKey) -> Bool {
        guard let hook else { preconditionFailure("no trial without a hook") }
        hookRuns += 1
        let (number, mailbox) = (hookRuns, mailbox)
        do throws(HookError) {
            let process = try HookProcess(hook, for: key.name, key.entry) {
                mailbox.post(.hook(number))
            }
            trial?.run = (process, number, false)
            timers.set(.hook, after: hook.timeout)
            return true
        } catch {
            trial?.waiting.removeFirst()
            judge(key, error.description)
            return false
        }
    }

    private func judge(_ key: NewKey, _ reason: String?) {
        let (name, epoch) = (key.name.description, key.entry.epoch.description)
        judgements[key.entry.thumbprint] = reason == nil
        if let reason {
            trial?.refused.append(key)
            log(
                .warning,
                "the hook does not take a key",
                ["key": name, "epoch": epoch, "reason": reason]
            )
        } else {
            log(.info, "the hook takes a key", ["key": name, "epoch": epoch])
        }
    }
}
