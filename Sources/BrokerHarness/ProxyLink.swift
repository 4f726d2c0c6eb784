internal import Glibc
internal import Synchronization

/// One client's connection through the proxy.
final class ProxyLink {
    /// The client's and the broker's, in the order of `Direction`: where each direction comes from.
    let sockets: [CInt]
    private(set) var isEnded = false
    private var lanes = [Lane(), Lane()]

    /// What is on its way in one direction.
    private struct Lane {
        var received: [UInt8] = []
        var held: (bytes: [UInt8], until: ContinuousClock.Instant)?
        var atGate: [Packet] = []
        var queue: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
        var queued = 0
    }

    /// More than this on its way is a test gone wrong.
    private static let limit = 4 << 20

    init(client: CInt, broker: CInt) {
        sockets = [client, broker]
        for socket in sockets {
            var yes: CInt = 1
            unsafe setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
            // The thread serves all links: one that does not read can't hold it for ever.
            var limit = timeval(tv_sec: 1, tv_usec: 0)
            unsafe setsockopt(
                socket,
                SOL_SOCKET,
                SO_SNDTIMEO,
                &limit,
                socklen_t(MemoryLayout<timeval>.size)
            )
        }
    }

    /// When something has to be passed on next.
    var nextDue: ContinuousClock.Instant? {
        lanes.flatMap { [$0.held?.until, $0.queue.first?.due] }.compactMap { $0 }.min()
    }

    func receive(_ direction: Direction, _ proxy: MisbehavingProxy) {
        guard !isEnded else { return }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe recv(sockets[direction.rawValue], &chunk, chunk.count, 0)
        guard count > 0 else { return end() }
        let delay = proxy.control.withLock { $0.misbehaviours[direction.rawValue].delay }
        let due = ContinuousClock.now + delay
        if proxy.isOpaque {
            enqueue(Array(chunk[..<count]), direction, at: due)
            return
        }
        lanes[direction.rawValue].received += chunk[..<count]
        do throws(HarnessError) {
            while let packet = try Packet.take(from: &lanes[direction.rawValue].received) {
                pass(packet, direction, proxy, at: due)
            }
        } catch {
            end()
        }
    }

    private func pass(
        _ packet: Packet,
        _ direction: Direction,
        _ proxy: MisbehavingProxy,
        at due: ContinuousClock.Instant
    ) {
        guard packet.isPublish else { return enqueue(packet.bytes, direction, at: due) }
        let mustWait = proxy.control.withLock { control in
            guard control.waits() else { return false }
            control.counters[direction.rawValue].heldAtGate += 1
            return true
        }
        if mustWait { return lanes[direction.rawValue].atGate.append(packet) }
        let fate = proxy.control.withLock { $0.fate(direction) }
        if fate.isDropped {
            // Its sender must believe that it arrived.
            let back: Direction = direction == .up ? .down : .up
            if let answer = packet.acknowledgement { enqueue(answer, back, at: due) }
        } else if fate.isHeld, lanes[direction.rawValue].held == nil {
            lanes[direction.rawValue].held = (packet.bytes, due + .milliseconds(50))
        } else {
            enqueue(packet.bytes, direction, at: due)
            if fate.isDoubled { enqueue(packet.unacknowledged.bytes, direction, at: due) }
            release(direction, at: due)
        }
    }

    private func release(_ direction: Direction, at due: ContinuousClock.Instant) {
        guard let held = lanes[direction.rawValue].held else { return }
        lanes[direction.rawValue].held = nil
        enqueue(held.bytes, direction, at: due)
    }

    func enqueue(_ bytes: [UInt8], _ direction: Direction, at due: ContinuousClock.Instant) {
        lanes[direction.rawValue].queue.append((bytes, due))
        lanes[direction.rawValue].queued += bytes.count
        if lanes[direction.rawValue].queued > Self.limit { end() }
    }

    /// Passes on what has waited at a gate that is open by now.
    func openGate(_ proxy: MisbehavingProxy) {
        for direction in Direction.allCases where !isEnded {
            let waiting = lanes[direction.rawValue].atGate
            lanes[direction.rawValue].atGate.removeAll()
            for packet in waiting { pass(packet, direction, proxy, at: .now) }
        }
    }

    /// Passes on what is due.
    func flush(at now: ContinuousClock.Instant) {
        for direction in Direction.allCases where !isEnded {
            let index = direction.rawValue
            if let held = lanes[index].held, held.until <= now { release(direction, at: now) }
            let count = lanes[index].queue.prefix { $0.due <= now }.count
            for (bytes, _) in lanes[index].queue.prefix(count) where !isEnded {
                lanes[index].queued -= bytes.count
                write(bytes, to: sockets[1 - index])
            }
            lanes[index].queue.removeFirst(count)
        }
    }

    private func write(_ bytes: [UInt8], to socket: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe send(socket, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return end() }
            rest = rest.dropFirst(count)
        }
    }

    func end() {
        guard !isEnded else { return }
        isEnded = true
        for socket in sockets { close(socket) }
    }
}
