internal import EDHOC
internal import KeyExchange
internal import Registry
internal import Secrets
internal import ServerKit

// What the server does with a payload; after its session worker, whose parts it uses.
extension World {
    func deliver(_ payload: [UInt8], toServerOn channel: Channel) async {
        guard server.isRunning, payload.count <= MessageLimits.payload,
            let frame = try? Frame(parsing: payload)
        else { return }
        switch frame {
        case .start(let message1): await start(payload, message1, on: channel)
        case .next(let connection, _, _):
            guard let session = server.session(connection, on: channel) else { return }
            await perform(session.machine.receive(payload), session)
        case .error: return
        }
    }

    private func start(_ payload: [UInt8], _ message1: [UInt8], on channel: Channel) async {
        if let open = server.channels[channel].flatMap({ server.sessions[$0] }),
            open.beginning == payload
        {
            return await perform(open.machine.receive(payload), open)
        }
        guard let registry = server.registry else { return }
        var anchor: ServerAnchor?
        do {
            let connection = ConnectionID(
                try server.crypto.randomBytes(Profile.connectionIDLength)
            )
            let machine = try ServerSession.begin(
                payload: payload,
                message1: message1,
                fleet: registry.fleet,
                responder: { hint in
                    anchor = registry.anchor(answering: hint)
                    return anchor.map { responder(as: $0) }
                },
                connection: connection,
                crypto: server.crypto
            )
            guard let anchor else { return }
            let operation = machine.operation
            let session = SimulatedServer.Session(
                machine,
                generation: anchor.generation,
                channel: channel,
                beginning: payload,
                deadline: now + 30_000
            )
            server.insert(session)
            let result = try SoftwareKey(anchor.key).performNow(operation)
            await perform(session.machine.provide(result), session)
        } catch let error as EDHOCError {
            if case .unsupportedSuite = error.code,
                let refusal = Frame.refusal(of: message1, because: error)
            {
                answer(refusal.encoded, on: channel)
            }
        } catch {
            violate(.serverFailed, nil, "\(error)")
        }
    }

    private func responder(as anchor: ServerAnchor) -> Responder {
        Responder(
            credential: anchor.credential,
            methods: [Profile.method],
            suites: Profile.suites,
            crypto: server.crypto
        )
    }

    private func perform(_ event: ServerEvent, _ session: SimulatedServer.Session) async {
        if happens(.serverCrash) {
            count(.serverCrash)
            return await endServer()
        }
        switch event {
        case .nothing: return
        case .send(let bytes), .sendAndClose(let bytes): answer(bytes, on: session.channel)
        case .perform: return
        case .identify(let id): await identify(id, session)
        case .reconcile(let introduction): await reconcile(introduction, session)
        case .confirm(let operation, let results, let verdicts):
            await settle(session) { clerk, device, now throws(RegistryError) in
                try await clerk.confirm(
                    device: device,
                    operation,
                    results,
                    verdicts: verdicts,
                    now: now
                )
            }
        case .acknowledge(let receipt):
            await settle(session) { clerk, device, now throws(RegistryError) in
                try await clerk.acknowledge(device: device, receipt, now: now)
            }
        case .failed: server.remove(session)
        case .failedTelling(_, let bytes):
            answer(bytes, on: session.channel)
            server.remove(session)
        }
    }

    private func identify(_ id: CredentialID, _ session: SimulatedServer.Session) async {
        guard let clerk = server.clerk else { return }
        do throws(RegistryError) {
            let found = try clerk.credential(id, on: session.channel)
            await perform(session.machine.identified(found), session)
        } catch {
            let message = EDHOCErrorMessage.unspecified("try again later")
            answer(
                Frame.error(session.machine.peerConnection, message).encoded,
                on: session.channel
            )
            server.remove(session)
        }
    }

    private func reconcile(
        _ introduction: Introduction,
        _ session: SimulatedServer.Session
    ) async {
        guard let clerk = server.clerk else { return }
        session.introduction = introduction
        keepBefore()
        do throws(RegistryError) {
            let decided = try await clerk.reconcile(
                introduction,
                answeredBy: session.generation,
                now: serverTime
            )
            await noteCommit()
            session.device = decided.device
            guard await !endsBeforeAnswer() else { return }
            await perform(session.machine.decided(decided.decision), session)
        } catch {
            await failed(error, session)
        }
    }

    private func settle(
        _ session: SimulatedServer.Session,
        _ body: (Clerk, DeviceID, Int64) async throws(RegistryError) -> Settle
    ) async {
        guard let clerk = server.clerk, let device = session.device else { return }
        keepBefore()
        do throws(RegistryError) {
            let settle = try await body(clerk, device, serverTime)
            if let registry = server.registry, let introduction = session.introduction {
                await options.seams.confirmed?(registry, introduction, settle, serverTime)
            }
            await noteCommit()
            guard await !endsBeforeAnswer() else { return }
            await perform(session.machine.settled(settle), session)
        } catch {
            await failed(error, session)
        }
    }

    /// The registry said no, or the process has ended in the middle of it.
    private func failed(_ error: RegistryError, _ session: SimulatedServer.Session) async {
        guard await !endServerIfPlanned() else { return }
        trace(nil, "the registry refuses: \(error.code)")
        if error.code != .diskFull, error.code != .conflict {
            violate(.serverFailed, nil, "\(error)")
        }
        await perform(session.machine.fail(Clerk.problem(error)), session)
    }

    private func answer(_ payload: [UInt8], on channel: Channel) {
        broker.publish(payload, to: .device(.down(channel)), from: nil, in: self)
    }

    private func keepBefore() {
        guard options.seams.serverAnswersEarly else { return }
        let path = server.folder + "/before"
        guard (try? server.copy(to: path)) != nil else { return }
        server.before = path
    }
}
