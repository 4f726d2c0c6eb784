public import EDHOC

/// The order to destroy, without a session: signed by the fleet's command key, and retained on the
/// device's own topic.
///
/// A signature says who wrote it, never when it was obeyed: the caller asks `refusal` before it acts,
/// and keeps the counter durably before it destroys anything.
public struct Order: Hashable, Sendable {
    /// Bytes of a signed order: 16 keys with the longest names fit.
    public static let maximumLength = 2048

    /// The fleet that the device belongs to.
    public let fleet: FleetID
    /// The device that shall obey.
    public let device: DeviceID
    /// Names the retirement, the same as in a session.
    public let operation: OperationID
    /// Grows with every retirement of the device, in a session or not; at least 1.
    public let counter: UInt64
    /// What is destroyed.
    public let scope: RetireScope
    /// The server's clock when it signed, in seconds since 1970.
    public let issuedAt: UInt64
    /// From then on the order is void, by the server's clock; nil for never.
    public let expiresAt: UInt64?

    /// States all of it.
    ///
    /// A counter of 0, a scope of no keys, of more than 16 or of one twice, and an end that is not after
    /// the beginning trap.
    public init(
        fleet: FleetID,
        device: DeviceID,
        operation: OperationID,
        counter: UInt64,
        scope: RetireScope,
        issuedAt: UInt64,
        expiresAt: UInt64?
    ) {
        precondition(counter > 0, "counters begin with 1")
        precondition(expiresAt.map { $0 > issuedAt } ?? true, "an order that ends as it begins")
        if case .keys(let names) = scope {
            precondition((1...MessageLimits.keys).contains(names.count), "no keys, or too many")
            precondition(Set(names).count == names.count, "a key twice")
        }
        self.fleet = fleet
        self.device = device
        self.operation = operation
        self.counter = counter
        self.scope = scope
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// Signs an order with the command key; one that is not ES256's traps.
    public static func sign(
        _ order: Order,
        with key: any SigningKey
    ) throws(CryptoError) -> [UInt8] {
        let audience = audience(order.fleet, order.device)
        return try SignedMessage.sign(order.payload, for: audience, with: key)
    }

    /// Reads an order that came for this device, and verifies it with the command key that the device
    /// has pinned, x ‖ y.
    ///
    /// Says nothing about replay and time: see `refusal`.
    public static func verify(
        _ bytes: [UInt8],
        commandKey: [UInt8],
        fleet: FleetID,
        device: DeviceID,
        crypto: any Crypto
    ) throws(OrderError) -> Order {
        let message = try SignedMessage(parsing: bytes, atMost: maximumLength)
        let order = try Order(parsing: message.payload)
        guard order.fleet == fleet else {
            throw OrderError(.wrongFleet, "want an order for \(fleet), have \(order.fleet)")
        }
        guard order.device == device else {
            throw OrderError(.wrongDevice, "want an order for \(device), have \(order.device)")
        }
        let audience = audience(fleet, device)
        guard message.isValid(for: audience, publicKey: commandKey, crypto: crypto) else {
            throw OrderError(.badSignature, "the pinned command key did not sign this order")
        }
        return order
    }

    private static func audience(_ fleet: FleetID, _ device: DeviceID) -> [String] {
        [Profile.orderPurpose, fleet.description, device.description]
    }
}

extension Order {
    /// Why a device does not obey an order that it has verified.
    public enum Refusal: Hashable, Sendable, CaseIterable {
        /// This order, or a later one, was obeyed before.
        case replayed
        /// The order's time is over.
        case expired
    }

    /// Why this order is not obeyed; nil when it is.
    ///
    /// `lastObeyed` is the highest counter that the device has obeyed, 0 for none, and `obeyedUnderIt`
    /// names what it obeyed under this counter: a server that came back from an old copy of itself gives
    /// one out twice. Empty means that nobody knows, and that the counter alone decides.
    /// `serverTimeFloor` is what the last SETTLE told of the server's time, in seconds since 1970: it is
    /// at least so late there. Without one an order does not expire, for a device's own clock may be
    /// wrong either way.
    public func refusal(
        lastObeyed: UInt64,
        obeyedUnderIt: [OperationID] = [],
        serverTimeFloor: UInt64?
    ) -> Refusal? {
        let isAnother =
            counter == lastObeyed && !obeyedUnderIt.isEmpty && !obeyedUnderIt.contains(operation)
        guard counter > lastObeyed || isAnother else { return .replayed }
        if let expiresAt, let serverTimeFloor, serverTimeFloor >= expiresAt { return .expired }
        return nil
    }
}
