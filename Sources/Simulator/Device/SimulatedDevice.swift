internal import AgentKit
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import KeyStore
internal import MQTTLink
internal import ServerKit

/// One device: the agent's real parts, with timers of virtual time and a link to the simulated broker.
///
///     off ── boot ──▶ running ── killed, power lost ──▶ off
///
/// What the agent's loop does between sessions is done here again, in the same order; what a session
/// makes of the store is the agent's own code.
final class SimulatedDevice {
    enum Timer: Hashable {
        case resend
        case session
        case contact
        case order
        case grace(KeyName, Epoch)
    }

    /// Which topics the broker delivers to it.
    enum Link: Hashable {
        case none
        case enrolment(String)
        case device
    }

    let index: Int
    let name: DeviceID
    let disk: Disk
    let crypto: SeededCrypto
    let timings: Timings
    var chance: Chance
    /// Whether a hook tries each new key first.
    let hasHook: Bool

    /// What the admin gave to it; it is put in until it is taken.
    var bundle: Bundle?

    // What a process has in memory.
    var store: KeyStore?
    var conduct: Conduct?
    var channel: Channel?
    var link = Link.none
    /// Names the process to the server.
    var instance: [UInt8] = []
    var linkNumber = 0
    var isConnected = false
    var wasConnected = false
    var wantsContact = false
    var approach: Approach
    var intake = OrderIntake()
    /// An order that the disk did not take.
    var lateOrder: [UInt8]?
    var pauses: Backoff
    var resend: Backoff
    var timers: [Timer: (number: Int, end: Int64)] = [:]

    /// Whether the broker can be reached from here.
    var isCut = false
    /// Until when it is switched off.
    var silentUntil: Int64 = 0
    /// Keys that were not agreed about in this session: it could not take them.
    var refused: Set<KeyName> = []
    /// Those whose last offer it did not take: in between, the server may wait until it offers another.
    var untaken: Set<KeyName> = []
    /// When its session began.
    var began: Int64 = 0
    /// Numbers of timers and links, never given out twice.
    var count = 0

    init(index: Int, folder: String, options: Simulation.Options, ledger: Ledger) throws {
        self.index = index
        name = try DeviceID(parsing: "lamp-\(index)")
        disk = Disk(folder, isForgetful: options.seams.deviceDiskForgets)
        crypto = SeededCrypto(seed: options.seed, stream: "lamp \(index)", ledger: ledger)
        chance = Chance(seed: options.seed, stream: "agent \(index)")
        timings = Timings()
        hasHook = chance.happens(0.5)
        approach = Approach(patience: timings.refusalsBeforeRenewal)
        pauses = Self.backoff(timings.shortestPause, timings.longestPause, 0)
        resend = pauses
    }

    var isRunning: Bool { store != nil }

    /// Whether the agent listens to a topic now.
    func listens(to topic: Topic) -> Bool {
        guard isConnected, !isCut else { return false }
        return switch (topic, link) {
        case (.down(.enrolment(let connection)), .enrolment(let own)): connection == own
        case (.down(.device(let id)), .device): id == name
        case (.order(let id), .device): id == name
        default: false
        }
    }

    /// Forgets everything that is in memory alone.
    func forget() {
        conduct = nil
        channel = nil
        store = nil
        timers.removeAll()
        (link, isConnected, wasConnected, wantsContact) = (.none, false, false, false)
        approach = Approach(patience: timings.refusalsBeforeRenewal)
        (intake, lateOrder) = (OrderIntake(), nil)
        pauses = Self.backoff(timings.shortestPause, timings.longestPause, chance.next())
    }

    /// Pauses whose random part comes from the seed.
    static func backoff(_ minimum: Duration, _ maximum: Duration, _ seed: UInt64) -> Backoff {
        let draws = Draws(Chance(seed: seed))
        return Backoff(minimum: minimum, maximum: maximum) { draws.next() }
    }
}
