internal import EDHOC
internal import KeyExchange
internal import Logging
internal import Registry

/// Who a device says it is, and whether it may say so here.
extension SessionWorker {
    func auditRefusal(_ problem: Problem, _ entry: SessionTable.Entry) {
        guard case .device(let id) = entry.channel, refusalAudits.take(now: .now) else { return }
        let shared = shared
        Task {
            try? await shared.registry.refused(
                problem,
                about: id.description,
                now: shared.wallClock()
            )
        }
    }

    func identify(_ id: CredentialID, _ entry: SessionTable.Entry) {
        do throws(RegistryError) {
            let found = try shared.clerk.credential(id, on: entry.channel)
            perform(entry.session.identified(found), entry)
        } catch {
            // Not "unknown": nobody could look. There are no keys yet to say so under.
            shared.counters.add(.registryFailures)
            shared.logger.error("the registry failed", metadata: ["error": "\(error)"])
            let message = EDHOCErrorMessage.unspecified("try again later")
            shared.send(entry.channel, Frame.error(entry.session.peerConnection, message).encoded)
            remove(entry)
        }
    }
}
