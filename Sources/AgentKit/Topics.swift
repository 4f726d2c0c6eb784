internal import KeyExchange

/// The MQTT topics of one session.
struct Topics {
    let up: String
    let down: String
    let nudge: String?
    let order: String?

    /// Those of a device that enrols, which has no stable name on the wire.
    init(fleet: FleetID, enrolling connection: String) {
        let prefix = "latchkey/1/\(fleet)/enrol/\(connection)/"
        (up, down) = (prefix + "up", prefix + "down")
        (nudge, order) = (nil, nil)
    }

    /// Those of an enrolled device.
    init(fleet: FleetID, device: DeviceID) {
        let prefix = "latchkey/1/\(fleet)/device/\(device)/"
        (up, down) = (prefix + "up", prefix + "down")
        (nudge, order) = (prefix + "nudge", prefix + "order")
    }

    /// What is subscribed to.
    var read: [String] { [down] + [nudge, order].compactMap(\.self) }
}
