internal import EDHOC
internal import KeyExchange
internal import Logging
internal import MQTTLink
internal import Registry
internal import ServiceLifecycle

/// Carries payloads between the broker and the workers, nudges and orders to the devices.
struct ExchangeService: Service {
    let connection: MQTTConnection
    let topics: Topics
    let inboxes: [WorkerInbox]
    let registry: Registry
    let counters: Counters
    let limits: SessionLimits
    let logger: Logger
    let renewal = OrderRenewal()

    /// Runs until the server is told to end; sessions with work under way are finished first.
    func run() async throws {
        try connection.start()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { await watch() }
            group.addTask { await receive() }
            for inbox in inboxes { group.addTask { await inbox.serve() } }
            group.addTask { await expire() }
            group.addTask { await post() }
            group.addTask { await renewDaily() }
            // Returns at once; asked for again after each reconnect.
            group.addTask { try? await connection.subscribe(to: topics.incoming) }
            try? await gracefulShutdown()
            // In a task of its own: it also ends in good order when this one was cancelled because
            // another service failed.
            await Task { await drain() }.value
            await connection.close()
            group.cancelAll()
        }
    }

    private func receive() async {
        var enrolling = TokenBucket(
            perSecond: limits.startsPerSecond,
            burst: limits.startsBurst,
            now: .now
        )
        var returning = enrolling
        var shares = StartShares(limits, now: .now)
        for await message in connection.messages {
            // Nothing of ours is ever retained towards the server: a replay from long ago.
            guard !message.isRetained, message.payload.count <= MessageLimits.payload,
                let channel = topics.sender(of: message.topic)
            else {
                counters.add(.payloadsIgnored)
                continue
            }
            guard let first = message.payload.first else {
                counters.add(.payloadsIgnored)
                continue
            }
            if first == 0xf5 {
                let isAllowed =
                    switch channel {
                    case .enrolment: enrolling.take(now: .now)
                    case .device(let id):
                        shares.take(id, now: .now) && returning.take(now: .now)
                    }
                guard isAllowed else {
                    counters.add(.startsThrottled)
                    continue
                }
            }
            let inbox = inboxes[Self.index(message.payload, channel, of: inboxes.count)]
            if !inbox.put(message.payload, on: channel, isStart: first == 0xf5) {
                counters.add(.payloadsDropped)
            }
        }
    }

    /// The worker that has the session: named by C_R's first byte, or by the channel for a beginning.
    static func index(_ payload: [UInt8], _ channel: Channel, of workers: Int) -> Int {
        // The head of a byte string of eight: then comes C_R.
        if payload.count > 1, payload[0] == 0x48 { return Int(payload[1]) % workers }
        var hash: UInt32 = 2_166_136_261
        let name =
            switch channel {
            case .device(let id): id.description
            case .enrolment(let identifier): identifier
            }
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash) % workers
    }

    private func expire() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            for inbox in inboxes { await inbox.worker.expire() }
        }
    }

    private func watch() async {
        for await event in connection.events {
            switch event {
            case .connected:
                logger.info("connected to the broker")
                // It may have started anew, and have forgotten what was retained.
                renewal.begin()
            case .disconnected(let error, let pause):
                logger.warning(
                    "no broker",
                    metadata: ["error": "\(error)", "retryAfter": "\(pause)"]
                )
            case .refused(let error, let pause):
                logger.error(
                    "the broker refuses the server's account",
                    metadata: ["error": "\(error)", "retryAfter": "\(pause)"]
                )
            case .subscriptionRefused(let filter, let error):
                logger.error(
                    "the broker's access rules keep the server out",
                    metadata: ["filter": "\(filter)", "error": "\(error)"]
                )
            case .publicationRefused(let topic, let error):
                counters.add(.publishFailures)
                logger.warning(
                    "an answer was not taken",
                    metadata: ["topic": "\(topic)", "error": "\(error)"]
                )
            }
        }
    }

    /// Lets work that is under way end, for five seconds at the most.
    private func drain() async {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            var busy = 0
            for inbox in inboxes { busy += await inbox.worker.close() }
            if busy == 0 { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
        logger.warning("sessions were dropped; their devices come again")
    }
}
