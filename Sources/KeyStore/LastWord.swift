internal import KeyExchange
internal import Secrets

/// When the server was last heard, kept over restarts of the agent and not over those of the machine.
///
/// A file of one line in a folder that lives in memory: `latchkey-last-word 1 BOOT-ID SECONDS`. What is
/// damaged, of another boot or of the future counts as never heard; so keys with a lease wait for the
/// server then. It is written only by devices that have such keys.
public struct LastWord: Sendable {
    private let folder: Folder
    private let name: String
    private let bootID: String

    /// Opens the folder for the agent of this device, and makes it if there is none.
    ///
    /// Throws when others may enter it: a file of theirs would be a lease without end.
    public init(
        in path: String,
        of device: DeviceRecord,
        bootID: String? = BootClock.bootID()
    ) throws(StoreError) {
        folder = try Folder(path, creating: true, isReadOnly: false) { _ in nil }
        (name, self.bootID) = (Self.name(device), try Self.known(bootID))
        folder.sweep([name])
    }

    /// Looks at the file beside a running agent; how long ago the server was heard, nil if unknown.
    public static func silence(
        in path: String,
        of device: DeviceRecord,
        now: Duration = BootClock.now(),
        bootID: String? = BootClock.bootID()
    ) -> Duration? {
        guard let bootID,
            let folder = try? Folder(path, creating: false, isReadOnly: true, faults: { _ in nil }),
            let time = read(folder, name(device), bootID, now: now)
        else { return nil }
        return now - time
    }

    /// When the server was last heard in this boot, on `BootClock`; nil if it was not.
    public func read(now: Duration) -> Duration? { Self.read(folder, name, bootID, now: now) }

    /// Keeps the time of a word just heard.
    public func keep(_ time: Duration) throws(StoreError) {
        // Rounded down: a lease may end a moment early, never late.
        let line = "latchkey-last-word 1 \(bootID) \(time.components.seconds)\n"
        try folder.replace(name, with: Array(line.utf8).rawSpan)
    }

    private static func read(
        _ folder: Folder,
        _ name: String,
        _ bootID: String,
        now: Duration
    ) -> Duration? {
        guard let bytes = try? folder.read(name), bytes.count <= 128, bytes.last == 0x0a else {
            return nil
        }
        let words = String(decoding: bytes.dropLast(), as: UTF8.self).split(
            separator: " ",
            omittingEmptySubsequences: false
        )
        guard words.count == 4, words[0] == "latchkey-last-word", words[1] == "1",
            words[2] == bootID, let seconds = UInt32(words[3]), .seconds(Int64(seconds)) <= now
        else { return nil }
        return .seconds(Int64(seconds))
    }

    private static func name(_ device: DeviceRecord) -> String {
        "\(device.fleet).\(device.name).last-word"
    }

    private static func known(_ bootID: String?) throws(StoreError) -> String {
        guard let bootID, !bootID.contains(" ") else {
            throw StoreError(.system, "the kernel does not name this boot")
        }
        return bootID
    }
}
