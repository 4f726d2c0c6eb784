internal import KeyExchange
internal import ServerKit

/// A broker that does what it likes with what it carries.
final class SimulatedBroker {
    /// Where a payload goes.
    enum Destination {
        case server(Channel)
        case device(Topic)
    }

    /// What it has carried, some of it, to be repeated at leisure.
    private var memory: [(payload: [UInt8], destination: Destination)] = []
    private static let capacity = 96
    /// What stands on the devices' topics of orders.
    private var orders: [DeviceID: [UInt8]] = [:]
    private var chance: Chance

    init(seed: UInt64) { chance = Chance(seed: seed, stream: "broker") }

    func publish(
        _ payload: [UInt8],
        to destination: Destination,
        from device: Int?,
        in world: World
    ) {
        world.scan(payload, "a payload on the broker")
        remember(payload, destination)
        var copies = [payload]
        if hits(.lost, in: world) { copies = [] }
        if hits(.repeated, in: world) { copies.append(payload) }
        if hits(.mutated, in: world), let index = copies.indices.last {
            copies[index] = mutate(copies[index])
        }
        for copy in copies {
            var delay = world.latency()
            if hits(.reordered, in: world) { delay += chance.number(50...3000) }
            if hits(.delayed, in: world) { delay += chance.number(30_000...4 * 3_600_000) }
            if hits(.crossed, in: world) {
                deliver(copy, to: elsewhere(destination, in: world), after: delay, in: world)
            } else {
                deliver(copy, to: destination, after: delay, in: world)
            }
        }
        if hits(.replayed, in: world), let old = memory.randomElement(using: &chance) {
            deliver(old.payload, to: old.destination, after: world.latency(), in: world)
        }
        if hits(.invented, in: world) {
            deliver(
                invention(like: payload),
                to: elsewhere(destination, in: world),
                after: world.latency(),
                in: world
            )
        }
        if hits(.retained, in: world), let old = memory.randomElement(using: &chance) {
            deliver(
                chance.happens(0.5) ? old.payload : invention(like: payload),
                to: old.destination,
                after: world.latency(),
                isRetained: true,
                in: world
            )
        }
    }

    func nudge(_ device: Int, in world: World) {
        guard !hits(.lost, in: world) else { return }
        var delay = world.latency()
        if hits(.delayed, in: world) { delay += chance.number(30_000...4 * 3_600_000) }
        world.after(delay, .nudge(device))
        if hits(.repeated, in: world) {
            world.after(2 * delay, .nudge(device))
        }
    }

    /// Keeps the newest order for a device, or says that it does, and hands it over.
    func retain(_ order: [UInt8], for device: DeviceID, in world: World) {
        world.scan(order, "an order")
        orders[device] = order
        if !order.isEmpty { deliverOrders(to: device, in: world) }
    }

    /// What a device is handed when it subscribes: what is retained, or an older or made-up one.
    func deliverOrders(to device: DeviceID, in world: World) {
        if let order = orders[device], !order.isEmpty, !hits(.lost, in: world) {
            remember(order, .device(.order(device)))
            deliver(
                order,
                to: .device(.order(device)),
                after: world.latency(),
                isRetained: true,
                in: world
            )
        }
        guard hits(.invented, in: world), let old = memory.randomElement(using: &chance) else {
            return
        }
        let other =
            world.devices.lazy.compactMap { self.orders[$0.name] }.first { !$0.isEmpty }
            ?? old.payload
        deliver(
            chance.happens(0.5) ? mutate(other) : other,
            to: .device(.order(device)),
            after: world.latency(),
            isRetained: true,
            in: world
        )
    }

    private func deliver(
        _ payload: [UInt8],
        to destination: Destination,
        after delay: Int64,
        isRetained: Bool = false,
        in world: World
    ) {
        switch destination {
        // The server reads nothing that was retained.
        case .server(let channel):
            if !isRetained { world.after(delay, .toServer(payload, channel)) }
        case .device(let topic):
            world.after(delay, .toTopic(topic, payload, isRetained: isRetained))
        }
    }

    private func hits(_ fault: Fault, in world: World) -> Bool {
        guard chance.happens(world.weather.rate(fault)) else { return false }
        world.count(fault)
        return true
    }

    private func remember(_ payload: [UInt8], _ destination: Destination) {
        if memory.count < Self.capacity {
            memory.append((payload, destination))
        } else if chance.happens(0.3) {
            memory[chance.index(Self.capacity)] = (payload, destination)
        }
    }

    private func elsewhere(_ destination: Destination, in world: World) -> Destination {
        if chance.happens(0.3), let other = memory.randomElement(using: &chance) {
            return other.destination
        }
        let name = world.devices[chance.index(world.devices.count)].name
        return switch destination {
        case .server: .server(.device(name))
        case .device: .device(.down(.device(name)))
        }
    }

    private func mutate(_ payload: [UInt8]) -> [UInt8] {
        var payload = payload
        switch chance.index(4) {
        case 0: payload = Array(payload.prefix(chance.index(payload.count + 1)))
        case 1: payload += [UInt8(truncatingIfNeeded: chance.next())]
        case _:
            guard !payload.isEmpty else { return payload }
            payload[chance.index(payload.count)] ^= 1 << UInt8(chance.index(8))
        }
        return payload
    }

    /// Noise, an error message, or a mixture of what went by.
    private func invention(like payload: [UInt8]) -> [UInt8] {
        switch chance.index(4) {
        case 0:
            return (0..<chance.index(200)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
        case 1:
            let own = Array(payload.prefix(9))
            return own + [0x01 + UInt8(chance.index(3)), 0x60]
        case 2:
            guard let other = memory.randomElement(using: &chance)?.payload else { return [0xf5] }
            return Array(payload.prefix(9)) + other.dropFirst(9)
        case _:
            guard let other = memory.randomElement(using: &chance)?.payload else { return [] }
            return mutate(other)
        }
    }
}
