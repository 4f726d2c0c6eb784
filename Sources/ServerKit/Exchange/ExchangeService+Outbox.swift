internal import KeyExchange
internal import Logging
internal import MQTTLink
internal import Registry

/// What leaves after a commit: nudges, and the orders that the broker retains.
extension ExchangeService {
    /// Devices whose orders are published again in one go, before the outbox has its turn.
    private static let page = 50

    /// Sends what the outbox holds and what is to be renewed, one after the other: so a topic of orders
    /// never goes back to what it held before.
    func post() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [renewal, registry] in
                for await _ in registry.outboxSignals() { renewal.wake() }
            }
            for await _ in renewal.signals {
                while !Task.isCancelled {
                    do {
                        repeat { try await sendOutbox() } while try await renewOrders()
                        break
                    } catch {
                        logger.warning("nudges and orders wait", metadata: ["error": "\(error)"])
                    }
                    // No signal tells of rows that were there before, so they are tried again here.
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            group.cancelAll()
        }
    }

    /// Orders with an end are renewed before it comes: the shortest life is two days.
    func renewDaily() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(86_400))
            renewal.begin()
        }
    }

    private func sendOutbox() async throws {
        while case let items = try await registry.takeOutbox(limit: 200), !items.isEmpty {
            var sent: [Int64] = []
            do {
                for item in items {
                    try await send(item)
                    sent.append(item.id)
                }
            } catch {
                // Those that are on their way are not sent again because of one that can't be.
                if !sent.isEmpty { try await registry.outboxDone(sent) }
                throw error
            }
            try await registry.outboxDone(sent)
        }
    }

    private func send(_ item: OutboxItem) async throws {
        try await connection.waitUntilConnected(within: .seconds(3600))
        switch item.kind {
        case .nudge:
            // Once for each row: what the broker loses, the device's own rhythm of contact makes up for.
            try await connection.publish(
                MQTTPublication(topic: topics.nudge(item.device), payload: [0xf6])
            )
            counters.add(.nudges)
        case .order: try await sendOrder(item.device)
        }
    }

    /// Publishes one page of the orders that wait for their receipt; whether there is more to do.
    private func renewOrders() async throws -> Bool {
        guard let place = renewal.place else { return false }
        let devices = try await registry.devicesUnderOrder(
            after: place.after,
            limit: Self.page
        )
        for device in devices { try await sendOrder(device) }
        renewal.did(place, through: devices.count < Self.page ? nil : devices.last)
        return true
    }

    /// Makes the broker hold what the device's state says at this moment.
    private func sendOrder(_ device: DeviceID) async throws {
        guard let order = try await order(for: device) else { return }
        let topic = topics.order(device)
        do {
            try await connection.publish(
                MQTTPublication(topic: topic, payload: order, isRetained: true)
            )
        } catch {
            guard [.notAuthorised, .refused].contains(error.code) else { throw error }
            // It would be refused again: nudges go on, and the next connection tries once more.
            counters.add(.publishFailures)
            logger.error(
                "the broker's rules keep an order out",
                metadata: ["topic": "\(topic)", "error": "\(error)"]
            )
            return
        }
        if !order.isEmpty { counters.add(.orders) }
    }

    /// Nil for a damaged row: one must not keep the others from being told.
    private func order(for device: DeviceID) async throws(RegistryError) -> [UInt8]? {
        do {
            return try await registry.order(for: device, now: wallClock())
        } catch {
            guard error.code == .damaged else { throw error }
            logger.error(
                "no order can be made",
                metadata: ["device": "\(device)", "error": "\(error)"]
            )
            return nil
        }
    }
}
