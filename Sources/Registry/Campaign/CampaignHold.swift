internal import Synchronization

/// Why campaigns stand still although they run: shown, and never written, since writing may be what fails.
final class CampaignHold: Sendable {
    /// Room that campaigns leave on the disk, so that a key can still be retired or compromised there:
    /// each costs some kilobytes, and the log before a checkpoint up to 16 MB.
    static let reservedBytes: Int64 = 64 << 20

    private let reason = Mutex<String?>(nil)
    private let reserved = Mutex(reservedBytes)

    var text: String? { reason.withLock { $0 } }

    /// Bytes that have to be free for campaigns to go on; a test sets another number.
    var reservedBytes: Int64 {
        get { reserved.withLock { $0 } }
        set { reserved.withLock { $0 = newValue } }
    }

    func set(_ text: String?) { reason.withLock { $0 = text } }
}

extension Registry {
    /// Whether there is room for campaigns; if not, they stand still until there is.
    func hasRoomForCampaigns() -> Bool {
        let free = room.free
        let wanted = hold.reservedBytes
        guard free < wanted else {
            hold.set(nil)
            return true
        }
        hold.set(
            "diskLow: \(free >> 20) MB are free, campaigns go on at \(wanted >> 20) MB; "
                + "retirement and compromise still work"
        )
        return false
    }
}
