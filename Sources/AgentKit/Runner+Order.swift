internal import KeyExchange
internal import KeyStore

// What the agent does about orders that need no session: when it looks at them, and what its log says.
extension Runner {
    /// Takes what came on the order topic.
    func heed(_ payload: [UInt8]) {
        guard !intake.ignores(payload) else { return }
        guard orders.take(at: .now) else {
            // A flood costs a signature's check a second; the last one of it is looked at in the end.
            lateOrder = payload
            timers.set(.order, within: .seconds(1))
            return
        }
        switch intake.take(payload, for: store, crypto: crypto) {
        case .ignored, .tooEarly: break
        case .repeated: log(.debug, "an order that was obeyed, or replaced, before")
        case .obeyed(let order, let destroyed): obeyed(order, destroyed)
        case .postponed(let error):
            log(.error, "an order can't be obeyed yet", ["reason": error.description])
            lateOrder = payload
            timers.set(.order, after: timings.longestPause)
        case .refused(let kind, let detail):
            // No answer, and one line for each kind: whoever sends them shall not fill the log.
            let level = loggedRefusals.insert(kind).inserted ? Log.Level.warning : .debug
            log(level, "an order is refused", ["kind": kind, "reason": detail])
        }
    }

    /// An order that had to wait.
    func heedLate() {
        guard let payload = lateOrder else { return }
        lateOrder = nil
        heed(payload)
    }

    /// Looks again at an order that was refused under other circumstances.
    func reconsiderOrder() {
        if let payload = intake.reconsidered(for: store) { heed(payload) }
    }

    private func obeyed(_ order: Order, _ destroyed: [DestroyedKey]) {
        for key in destroyed { log(.destroyed(key, reason: "ordered")) }
        log(
            .warning,
            "an order is obeyed; the server gets the receipt when it is there",
            ["operation": order.operation.description, "counter": "\(order.counter)"]
        )
        loggedRefusals = []
        // A key that is no more shall not stay with the hook.
        trial?.run?.process.kill()
        checkLeases()
        requestContact(within: .zero)
    }
}
