internal import CMosquitto

extension Session {
    /// Does what the callers asked for since the last time.
    func obey(_ handle: borrowing Handle) throws(MQTTError) {
        let commands = switchboard.takeCommands()
        for (index, command) in commands.enumerated() {
            do throws(MQTTError) {
                switch command {
                case .publish(let publication, let answer):
                    try publish(publication, answer, on: handle)
                case .subscribe(let filters, let answer):
                    try subscribe(to: filters, answer, on: handle)
                }
            } catch {
                // What was not yet handed to the library must not wait for ever.
                for rest in commands[(index + 1)...] { waiting.abandon(rest) }
                throw error
            }
        }
    }

    private func publish(
        _ publication: MQTTPublication,
        _ answer: Answer?,
        on handle: borrowing Handle
    ) throws(MQTTError) {
        let entry = Acknowledgements.Entry.publication(topic: publication.topic, answer)
        do throws(MQTTError) {
            let identifier = try unsafe publication.publish(on: handle.pointer)
            waiting.add(entry, as: identifier, until: .now + timeout)
        } catch {
            end(entry, with: error)
            guard error.isLocal else { throw error }
        }
        lastSent = .now
    }

    private func subscribe(
        to filters: [String],
        _ answer: Answer?,
        on handle: borrowing Handle
    ) throws(MQTTError) {
        let entry = Acknowledgements.Entry.subscription(filters, answer)
        do throws(MQTTError) {
            let identifier = try unsafe requestSubscription(to: filters, on: handle.pointer)
            waiting.add(entry, as: identifier, until: .now + timeout)
        } catch {
            end(entry, with: error)
            throw error
        }
        lastSent = .now
    }

    var timeout: Duration { switchboard.configuration.acknowledgementTimeout }

    /// The broker let us in: asks again for what was subscribed to before anybody may publish, so
    /// that no answer comes before we listen for it.
    func wasLetIn(_ handle: OpaquePointer, keepAlive: Duration?) {
        letInAt = .now
        // MQTT 5 § 3.2.2.3.14: what the broker says here counts, and the library follows it too.
        if let keepAlive { self.keepAlive = keepAlive }
        unsafe resubscribe(to: switchboard.filters, on: handle)
    }

    /// Asks for these; when there are none, and none came in the meantime, we are connected.
    func resubscribe(to filters: [String], on handle: OpaquePointer) {
        asked.formUnion(filters)
        guard !filters.isEmpty else {
            let missing = switchboard.becomeConnected(havingAskedFor: asked)
            guard missing.isEmpty else { return unsafe resubscribe(to: missing, on: handle) }
            return switchboard.report(.connected)
        }
        do throws(MQTTError) {
            let identifier = try unsafe requestSubscription(to: filters, on: handle)
            waiting.add(.resubscription(filters), as: identifier, until: .now + timeout)
        } catch {
            failure = error
        }
    }

    /// The broker's word on a subscription.
    func subscribed(_ identifier: CInt, codes: [CInt], on handle: OpaquePointer) {
        switch waiting.take(identifier) {
        case .subscription(let filters, let answer):
            let failure = report(codes, for: filters)
            for (filter, code) in zip(filters, codes) where code >= 0x80 {
                switchboard.forget(filter)
            }
            answer?.resume(returning: failure.map { .failure($0) } ?? .success(()))
        case .resubscription(let filters):
            // Nothing is forgotten: the broker's rules may be mended again.
            _ = report(codes, for: filters)
            unsafe resubscribe(to: [], on: handle)
        case .publication, nil: break
        }
    }

    private func report(_ codes: [CInt], for filters: [String]) -> MQTTError? {
        var failure: MQTTError?
        for (filter, code) in zip(filters, codes) where code >= 0x80 {
            let reason = refusal(reason: code)
            failure = failure ?? MQTTError(reason.code, "\(filter): \(reason.detail)")
            switchboard.report(.subscriptionRefused(filter: filter, reason))
        }
        return failure
    }

    /// What waited for the broker has come to its end, well or not.
    func end(_ entry: Acknowledgements.Entry, with failure: MQTTError?) {
        let result: Result<Void, MQTTError> = failure.map { .failure($0) } ?? .success(())
        switch entry {
        case .publication(let topic, let answer):
            switchboard.settle(isAcknowledged: failure == nil)
            if let answer {
                answer.resume(returning: result)
            } else if let failure, failure.code != .connectionLost, failure.code != .closed {
                switchboard.report(.publicationRefused(topic: topic, failure))
            }
        case .subscription(_, let answer): answer?.resume(returning: result)
        case .resubscription: break
        }
    }
}
