internal import KeyExchange
internal import KeyStore

// Orders that need no session. They are retained on the device's topic, so that the same one comes with
// each connection; a counter that is on the disk before anything is destroyed has it obeyed once.
extension Runner {
    /// Looks at what came on the order topic: anyone may have put it there.
    func heed(_ payload: [UInt8]) -> Agent.Ending? {
        // An empty one is how a retained message is taken away.
        guard !payload.isEmpty, payload.count <= Order.maximumLength,
            payload != refusedOrder?.payload
        else {
            return nil
        }
        guard orders.take(at: .now) else {
            // A flood costs a signature's check a second; the last one of it is looked at in the end.
            lateOrder = payload
            timers.set(.order, within: .seconds(1))
            return nil
        }
        judge(payload)
        return nil
    }

    /// An order that had to wait.
    func heedLate() {
        guard let payload = lateOrder else { return }
        lateOrder = nil
        _ = heed(payload)
    }

    private func judge(_ payload: [UInt8]) {
        guard let device = store.device, device.life >= .enrolled else { return }
        // A server that changes its identity may sign with either key.
        let commandKeys = device.anchors.reversed().compactMap(\.commandKey)
        guard !commandKeys.isEmpty else {
            return refuse(payload, "noCommandKey", "no session has told the command key yet")
        }
        var fault: OrderError?
        for commandKey in commandKeys {
            do throws(OrderError) {
                let order = try Order.verify(
                    payload,
                    commandKey: commandKey,
                    fleet: device.fleet,
                    device: device.name,
                    crypto: crypto
                )
                return weigh(order, payload, device)
            } catch {
                fault = error
            }
        }
        if let fault { refuse(payload, "\(fault.code)", fault.detail) }
    }

    private func weigh(_ order: Order, _ payload: [UInt8], _ device: DeviceRecord) {
        let refusal = order.refusal(
            lastObeyed: device.order,
            obeyedUnderIt: device.retirement?.operations ?? [],
            serverTimeFloor: store.serverTime
        )
        switch refusal {
        case .replayed:
            log(.debug, "an order that was obeyed, or replaced, before")
            finishOrder(payload)
        case .expired: refuse(payload, expiredKind, "its time is over by the server's clock")
        case nil: obey(order, payload)
        }
    }

    private func obey(_ order: Order, _ payload: [UInt8]) {
        let facts: KeyValuePairs = [
            "operation": order.operation.description, "counter": "\(order.counter)",
        ]
        do throws(StoreError) {
            let destroyed = try store.retire(
                order.operation,
                counter: order.counter,
                scope: order.scope
            )
            for key in destroyed { log(.destroyed(key, reason: "ordered")) }
            log(.warning, "an order is obeyed; the server gets the receipt when it is there", facts)
        } catch {
            return wait(payload, error)
        }
        loggedRefusals = []
        // A key that is no more shall not stay with the hook.
        trial?.run?.process.kill()
        checkLeases()
        requestContact(within: .zero)
    }

    /// The counter may have been the last thing that the disk took.
    private func finishOrder(_ payload: [UInt8]) {
        do throws(StoreError) {
            try store.finishInterruptedRetirement()
        } catch {
            wait(payload, error)
        }
    }

    private func wait(_ payload: [UInt8], _ error: StoreError) {
        log(.error, "an order can't be obeyed yet", ["reason": error.description])
        lateOrder = payload
        timers.set(.order, after: timings.longestPause)
    }

    /// Looks again at an order that another anchor may have signed, or that a wrong clock has ended.
    func reconsiderOrder() {
        guard let refused = refusedOrder,
            refused.hasExpired || refused.under != store.device?.anchors
        else { return }
        refusedOrder = nil
        _ = heed(refused.payload)
    }

    /// No answer, and one line for each kind: whoever sends them shall not fill the log.
    private func refuse(_ payload: [UInt8], _ kind: String, _ detail: String) {
        refusedOrder = (payload, store.device?.anchors ?? [], kind == expiredKind)
        let level = loggedRefusals.insert(kind).inserted ? Log.Level.warning : .debug
        log(level, "an order is refused", ["kind": kind, "reason": detail])
    }
}

/// The kind of a refusal that a later word of the server's may take back.
private let expiredKind = "expired"
