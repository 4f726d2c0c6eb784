internal import EDHOC
internal import KeyExchange
internal import Logging
internal import Registry

/// Work that is awaited, each in a task of its own. An entry has one at the most, and stays in the
/// table meanwhile, so the table bounds the tasks too.
extension SessionWorker {
    func ask(_ operation: LongTermOperation, _ entry: SessionTable.Entry) {
        let identity = entry.answering.identity
        if let identity = identity as? SoftwareKey {
            do {
                provide(try identity.performNow(operation), entry)
            } catch {
                end(entry, .crypto(error))
            }
            return
        }
        entry.isBusy = true
        Task {
            do throws(CryptoError) {
                let result = try await identity.perform(operation)
                entry.isBusy = false
                provide(result, entry)
            } catch {
                entry.isBusy = false
                end(entry, .crypto(error))
            }
        }
    }

    func reconcile(_ introduction: Introduction, _ entry: SessionTable.Entry) {
        let generation = entry.answering.generation
        let began = entry.ticket
        work(entry) { shared throws(RegistryError) in
            try await shared.clerk.reconcile(
                introduction,
                answeredBy: generation,
                began: began,
                now: shared.wallClock()
            )
        } then: { entry, shared, decided in
            entry.device = decided.device
            switch decided.decision {
            case .offer: shared.counters.add(.offers)
            case .settle: shared.counters.add(.settlements)
            case .retire: break
            case .refuse(let problem):
                shared.counters.add(.refusals)
                shared.logger.notice(
                    "device refused",
                    metadata: ["channel": "\(entry.channel)", "code": "\(problem.code)"]
                )
            }
            return entry.session.decided(decided.decision)
        }
    }

    func confirm(
        _ operation: OperationID,
        _ results: [InstallResult],
        _ verdicts: [Verdict],
        _ entry: SessionTable.Entry
    ) {
        guard let device = entry.device else { preconditionFailure("an offer names its device") }
        work(entry) { shared throws(RegistryError) in
            shared.faults?(.confirmReceived)
            return try await shared.clerk.confirm(
                device: device,
                operation,
                results,
                verdicts: verdicts,
                now: shared.wallClock()
            )
        } then: { entry, shared, settle in
            shared.counters.add(.settlements)
            shared.faults?(.settled)
            return entry.session.settled(settle)
        }
    }

    func acknowledge(_ receipt: Receipt, _ entry: SessionTable.Entry) {
        guard let device = entry.device else {
            preconditionFailure("a retirement names its device")
        }
        work(entry) { shared throws(RegistryError) in
            try await shared.clerk.acknowledge(device: device, receipt, now: shared.wallClock())
        } then: { entry, shared, settle in
            shared.counters.add(.retirements)
            return entry.session.settled(settle)
        }
    }

    /// Awaits the registry; when it fails, the device is told to come again, and has lost nothing.
    private func work<Result: Sendable>(
        _ entry: SessionTable.Entry,
        _ body: @escaping @Sendable (Shared) async throws(RegistryError) -> Result,
        then next: @escaping (SessionTable.Entry, Shared, Result) -> ServerEvent
    ) {
        entry.isBusy = true
        let shared = shared
        Task {
            do {
                let result = try await body(shared)
                entry.isBusy = false
                perform(next(entry, shared, result), entry)
                shared.faults?(.answered)
            } catch {
                entry.isBusy = false
                shared.counters.add(.registryFailures)
                shared.logger.error(
                    "the registry failed",
                    metadata: ["error": "\(error)"]
                )
                let failure = error as? RegistryError ?? RegistryError(.failed, "\(error)")
                perform(entry.session.fail(Clerk.problem(failure)), entry)
            }
        }
    }
}
