internal import KeyExchange

/// The MQTT topics of one session.
struct Topics {
    let up: String
    let down: String
    let nudge: String?

    /// Those of a device that enrols, which has no stable name on the wire.
    init(fleet: FleetID, enrolling connection: String) {
        let prefix = "latchkey/1/\(fleet)/enrol/\(connection)/"
        (up, down, nudge) = (prefix + "up", prefix + "down", nil)
    }

    /// Those of an enrolled device.
    init(fleet: FleetID, device: DeviceID) {
        let prefix = "latchkey/1/\(fleet)/device/\(device)/"
        (up, down, nudge) = (prefix + "up", prefix + "down", prefix + "nudge")
    }

    /// What is subscribed to.
    var read: [String] { [down] + (nudge.map { [$0] } ?? []) }
}
