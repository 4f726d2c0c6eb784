internal import AgentKit
internal import KeyExchange
internal import KeyStore

// Orders that reach a device without a session; after the agent's own loop, but for the share of them
// that it looks at in a second.
extension World {
    func heed(_ payload: [UInt8], _ device: SimulatedDevice) {
        guard let store = device.store else { return }
        let outcome = device.intake.take(payload, for: store, crypto: device.crypto)
        touched.insert(device.index)
        guard !endIfPlanned(device) else { return }
        switch outcome {
        case .ignored, .tooEarly: break
        case .repeated: trace(device, "has obeyed that order")
        case .refused(let kind, _): trace(device, "refuses an order: \(kind)")
        case .postponed(let error):
            trace(device, "cannot obey an order yet: \(error.code)")
            device.lateOrder = payload
            set(device, .order, after: device.timings.longestPause)
        case .obeyed(let order, let destroyed):
            trace(device, "obeys order \(order.counter)")
            for key in destroyed {
                trace(device, "destroys \(key.name) \(key.epoch): ordered")
            }
            requestContact(device)
        }
    }

    func heedLate(_ device: SimulatedDevice) {
        guard let payload = device.lateOrder else { return }
        device.lateOrder = nil
        heed(payload, device)
    }

    /// Looks again at an order that was refused under other circumstances.
    func reconsiderOrder(_ device: SimulatedDevice) {
        guard let store = device.store else { return }
        if let payload = device.intake.reconsidered(for: store) { heed(payload, device) }
    }
}
