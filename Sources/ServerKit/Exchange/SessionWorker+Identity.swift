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
            let found = try credential(id, entry)
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

    private func credential(
        _ id: CredentialID,
        _ entry: SessionTable.Entry
    ) throws(RegistryError) -> Credential? {
        switch entry.channel {
        case .enrolment:
            // Only who enrols sends a credential whole, and only it may come without a name.
            guard let ccs = id.credentialByValue else { return nil }
            return try? Credential(ccs: ccs, sentByValue: true)
        case .device(let device):
            guard let kid = id.kid else { return nil }
            let found = try shared.registry.knownCredential(kid: kid)
            // The broker vouches for the topic, the handshake for the key: both must be one device.
            guard found?.subject == device.description else { return nil }
            return found
        }
    }
}
