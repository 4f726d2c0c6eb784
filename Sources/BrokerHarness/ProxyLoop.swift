internal import Glibc
internal import Synchronization

/// The proxy's only thread: accepts, and moves what has come.
final class ProxyLoop {
    private let proxy: MisbehavingProxy
    private var links: [ProxyLink] = []

    static func spawn(_ proxy: MisbehavingProxy) throws(HarnessError) {
        let baton = unsafe Unmanaged.passRetained(proxy)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let proxy = unsafe Unmanaged<MisbehavingProxy>.fromOpaque(argument)
                    .takeRetainedValue()
                ProxyLoop(proxy).run()
                return nil
            },
            baton.toOpaque()
        )
        guard result == 0 else {
            unsafe baton.release()
            throw HarnessError("no thread for a proxy")
        }
        pthread_detach(thread)
    }

    private init(_ proxy: MisbehavingProxy) { self.proxy = proxy }

    private func run() {
        while true {
            let (mustEnd, mustCut, isStalled, injections) = proxy.control.withLock { control in
                defer {
                    control.mustCut = false
                    control.injections.removeAll()
                }
                return (control.mustEnd, control.mustCut, control.isStalled, control.injections)
            }
            if mustEnd || mustCut {
                for link in links { link.end() }
                links.removeAll()
            }
            if mustEnd { break }
            for (packet, direction) in injections {
                for link in links { link.enqueue(packet.bytes, direction, at: .now) }
            }
            if isStalled { pauseThread() } else { turn() }
        }
        close(proxy.listener)
    }

    /// Waits for something to do, ten milliseconds at the most, and does it.
    private func turn() {
        var descriptors = [pollfd(fd: proxy.listener, events: Int16(POLLIN), revents: 0)]
        for link in links {
            for socket in link.sockets {
                descriptors.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
            }
        }
        let now = ContinuousClock.now
        let isDue = links.contains { ($0.nextDue ?? now + .seconds(1)) <= now + .milliseconds(1) }
        guard unsafe poll(&descriptors, nfds_t(descriptors.count), isDue ? 1 : 10) >= 0 else {
            return
        }
        // It may have gone dark while this thread slept: what was sent since must not pass.
        guard !proxy.control.withLock({ $0.isStalled }) else { return }
        for (index, link) in links.enumerated() {
            for direction in Direction.allCases
            where descriptors[1 + 2 * index + direction.rawValue].revents != 0 {
                link.receive(direction, proxy)
            }
        }
        if descriptors[0].revents != 0 { accept() }
        let isOpen = proxy.control.withLock { $0.untilGate == nil }
        for link in links {
            if isOpen { link.openGate(proxy) }
            link.flush(at: .now)
        }
        links.removeAll(where: \.isEnded)
    }

    private func accept() {
        let client = Glibc.accept(proxy.listener, nil, nil)
        guard client >= 0 else { return }
        let isRefusing = proxy.control.withLock { control in
            control.counters[Direction.up.rawValue].connections += 1
            return control.isRefusing
        }
        guard !isRefusing, links.count < 256, let broker = connect(port: proxy.brokerPort) else {
            close(client)
            return
        }
        links.append(ProxyLink(client: client, broker: broker))
    }

    private func pauseThread() {
        usleep(5000)
    }
}
