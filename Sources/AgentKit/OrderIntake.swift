public import EDHOC
public import KeyExchange
public import KeyStore

/// Orders that need no session, and what they do to the store: without time, link or log.
///
/// Anyone may have put a payload on the order topic, and the same one comes with each connection. A
/// counter that is on the disk before anything is destroyed has it obeyed once.
public struct OrderIntake: Sendable {
    /// What became of an order.
    public enum Outcome: Sendable {
        /// Nothing that could be one, or the one that was refused last.
        case ignored
        /// The device is not enrolled: nothing of it is anybody's to destroy.
        case tooEarly
        /// Done; the server gets the receipt in the next session.
        case obeyed(Order, [DestroyedKey])
        /// Obeyed before, or replaced; what a crash had left of it is done now.
        case repeated
        /// The disk takes nothing: give it in again.
        case postponed(StoreError)
        /// Why it is none: a word for each kind, and details for the log.
        case refused(kind: String, detail: String)
    }

    /// The last order that was refused.
    private struct Refused {
        let payload: [UInt8]
        let under: [PinnedAnchor]
        /// A later word of the server's may take that back.
        let hasExpired: Bool
    }

    private var refused: Refused?

    /// Nothing was refused yet.
    public init() {}

    /// Whether a payload can be no order, or is the one that was refused last: looking costs nothing.
    public func ignores(_ payload: [UInt8]) -> Bool {
        // An empty one is how a retained message is taken away.
        payload.isEmpty || payload.count > Order.maximumLength || payload == refused?.payload
    }

    /// Looks at a payload from the order topic of the device whom `store` describes, and obeys it.
    public mutating func take(
        _ payload: [UInt8],
        for store: KeyStore,
        crypto: any Crypto
    ) -> Outcome {
        guard !ignores(payload) else { return .ignored }
        guard let device = store.device, device.life >= .enrolled else { return .tooEarly }
        // A server that changes its identity may sign with either key.
        let commandKeys = device.anchors.reversed().compactMap(\.commandKey)
        guard !commandKeys.isEmpty else {
            return refuse(payload, device, "noCommandKey", "no session has told it yet")
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
                return weigh(order, payload, store, device)
            } catch {
                fault = error
            }
        }
        guard let fault else { preconditionFailure("there is a command key") }
        return refuse(payload, device, "\(fault.code)", fault.detail)
    }

    /// The order that was refused, if it may be another matter now: under an anchor pinned since, or by
    /// a server whose clock was wrong; give it in again.
    public mutating func reconsidered(for store: KeyStore) -> [UInt8]? {
        guard let refused, refused.hasExpired || refused.under != store.device?.anchors else {
            return nil
        }
        self.refused = nil
        return refused.payload
    }

    private mutating func weigh(
        _ order: Order,
        _ payload: [UInt8],
        _ store: KeyStore,
        _ device: DeviceRecord
    ) -> Outcome {
        let refusal = order.refusal(
            lastObeyed: device.order,
            obeyedUnderIt: device.retirement?.operations ?? [],
            serverTimeFloor: store.serverTime
        )
        do throws(StoreError) {
            switch refusal {
            case .replayed:
                // The counter may have been the last thing that the disk took.
                try store.finishInterruptedRetirement()
                return .repeated
            case .expired:
                let detail = "its time is over by the server's clock"
                return refuse(payload, device, "expired", detail, hasExpired: true)
            case nil:
                let destroyed = try store.retire(
                    order.operation,
                    counter: order.counter,
                    scope: order.scope
                )
                return .obeyed(order, destroyed)
            }
        } catch {
            return .postponed(error)
        }
    }

    private mutating func refuse(
        _ payload: [UInt8],
        _ device: DeviceRecord,
        _ kind: String,
        _ detail: String,
        hasExpired: Bool = false
    ) -> Outcome {
        refused = Refused(payload: payload, under: device.anchors, hasExpired: hasExpired)
        return .refused(kind: kind, detail: detail)
    }
}
