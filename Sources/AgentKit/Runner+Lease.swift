internal import KeyExchange
internal import KeyStore

// How long the server may stay silent before keys with a lease are lent no more.
extension Runner {
    /// Finds out when the server was last heard, if an earlier run of the agent in this boot knew.
    func recallLastWord(to device: DeviceRecord) {
        guard Leases.exist(in: store.keys) else { return }
        openLastWord(of: device)
        heard = lastWord?.read(now: BootClock.now())
        checkLeases()
    }

    /// The server has said something that nobody else could.
    func serverWasHeard() {
        let now = BootClock.now()
        heard = now
        guard Leases.exist(in: store.keys) else {
            timers.cancel(.lease)
            return
        }
        if lastWord == nil, let device = store.device { openLastWord(of: device) }
        do throws(StoreError) {
            try lastWord?.keep(now)
        } catch {
            log(.warning, "cannot keep when the server was heard", ["reason": error.description])
        }
        checkLeases()
    }

    /// Says which leases ended or came back, and waits for the next end.
    func checkLeases() {
        let silence = heard.map { BootClock.now() - $0 }
        let leases = Leases(of: store.keys, after: silence)
        for key in store.keys {
            for entry in key.epochs where entry.leaseSeconds > 0 {
                let isOver = leases.over.contains { $0 == (key.name, entry.epoch) }
                let facts: KeyValuePairs = [
                    "key": key.name.description, "epoch": entry.epoch.description,
                    "seconds": "\(entry.leaseSeconds)",
                ]
                if isOver, expired.insert(entry.thumbprint).inserted {
                    log(.warning, "a lease is over: the key is not lent", facts)
                } else if !isOver, expired.remove(entry.thumbprint) != nil {
                    log(.info, "a lease is renewed", facts)
                }
            }
        }
        guard let next = leases.next else { return timers.cancel(.lease) }
        timers.set(.lease, after: next)
    }

    private func openLastWord(of device: DeviceRecord) {
        guard let runtime else { return }
        do throws(StoreError) {
            lastWord = try LastWord(in: runtime, of: device)
        } catch {
            // It is tried again at each contact, since somebody may make the folder fit.
            guard runtimeTrouble != error.description else { return }
            runtimeTrouble = error.description
            log(
                .warning,
                "after a restart, keys with a lease will wait for the server",
                ["reason": error.description]
            )
        }
    }
}
