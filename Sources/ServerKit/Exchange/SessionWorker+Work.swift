internal import EDHOC
internal import KeyExchange
internal import Logging
internal import Registry

/// Work that is awaited, each in a task of its own. An entry has one at the most, and stays in the
/// table meanwhile, so the table bounds the tasks too.
extension SessionWorker {
    func ask(_ operation: LongTermOperation, _ entry: SessionTable.Entry) {
        if let identity = shared.identity as? SoftwareKey {
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
                let result = try await shared.identity.perform(operation)
                entry.isBusy = false
                provide(result, entry)
            } catch {
                entry.isBusy = false
                end(entry, .crypto(error))
            }
        }
    }

    func reconcile(_ introduction: Introduction, _ entry: SessionTable.Entry) {
        work(entry) { shared throws(RegistryError) in
            let contact = Contact(
                credential: introduction.credential,
                isByValue: introduction.isByValue,
                claim: introduction.enrolment.map {
                    EnrolmentClaim(
                        tokenID: $0.tokenID,
                        proof: $0.mac,
                        message: introduction.enrolmentMessage
                    )
                },
                report: introduction.report,
                brokerPasswordHash: introduction.isByValue
                    ? try BrokerAccountLine.hash(introduction.brokerPassword, shared.crypto)
                    : nil,
                now: shared.wallClock()
            )
            return try await shared.registry.reconcile(contact)
        } then: { entry, shared, answer in
            switch answer {
            case .offer(let device, let offer, let verdicts):
                entry.device = device
                shared.counters.add(.offers)
                return entry.session.decided(.offer(offer, verdicts: verdicts))
            case .settle(let device, let settle):
                entry.device = device
                shared.counters.add(.settlements)
                return entry.session.decided(.settle(settle))
            case .retire(let device, let retire):
                entry.device = device
                return entry.session.decided(.retire(retire))
            case .refuse(let problem):
                shared.counters.add(.refusals)
                shared.logger.notice(
                    "device refused",
                    metadata: ["channel": "\(entry.channel)", "code": "\(problem.code)"]
                )
                return entry.session.decided(.refuse(problem))
            }
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
            try await shared.registry.confirm(
                device: device,
                operation: operation,
                outcomes: results.map {
                    KeyOutcome(name: $0.name, epoch: $0.epoch, failure: $0.failure)
                },
                verdicts: verdicts,
                now: shared.wallClock()
            )
        } then: { entry, shared, settle in
            shared.counters.add(.settlements)
            return entry.session.settled(settle)
        }
    }

    func acknowledge(_ receipt: Receipt, _ entry: SessionTable.Entry) {
        guard let device = entry.device else {
            preconditionFailure("a retirement names its device")
        }
        work(entry) { shared throws(RegistryError) in
            try await shared.registry.acknowledge(
                device: device,
                receipt,
                now: shared.wallClock()
            )
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
            } catch {
                entry.isBusy = false
                shared.counters.add(.registryFailures)
                shared.logger.error(
                    "the registry failed",
                    metadata: ["error": "\(error)"]
                )
                let failure = error as? RegistryError
                let code: ProblemCode = failure?.code == .busy ? .busy : .serverFailed
                perform(entry.session.fail(Problem(code)), entry)
            }
        }
    }
}
