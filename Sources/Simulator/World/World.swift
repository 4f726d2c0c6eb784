internal import Fleet
internal import Foundation
internal import KeyExchange
internal import KeyStore
internal import ServerKit

/// A server, its devices and a broker that none of them can trust, in one process and in virtual time.
///
/// One event is done after the other, and after each the watch looks at both sides.
final class World {
    let options: Simulation.Options
    let folder: String
    let ledger = Ledger()
    var chance: Chance
    var weather: Weather
    let server: SimulatedServer
    let broker: SimulatedBroker
    private(set) var devices: [SimulatedDevice] = []
    var admin: SimulatedAdmin
    var watch: Watch

    /// Milliseconds since the beginning of the world; what monotonic clocks show.
    private(set) var now: Int64 = 0
    /// When this part of the story ends.
    private var horizon: Int64 = 0
    /// Whether nothing breaks any more.
    var isQuiet = false
    /// Whether the server will look at its campaigns, and how long it waited for it the last time.
    var (isPulsing, pulsePause) = (false, Int64(1000))
    private var agenda = Agenda()
    private var trace: Trace
    private(set) var faults: [Fault: Int] = [:]
    private(set) var actions: [String: Int] = [:]
    private(set) var violations: [Violation] = []

    /// Devices that have to be looked at.
    var touched: Set<Int> = []
    /// Whether the server has to be looked at.
    var changedAtServer = false

    init(_ options: Simulation.Options, folder: String) throws {
        self.options = options
        self.folder = folder
        chance = Chance(seed: options.seed, stream: "world")
        weather = Weather(chance: &chance, without: options.absent)
        if let rates = options.weather { weather = Weather(rates) }
        trace = Trace(echo: options.echo)
        server = SimulatedServer(folder: folder, seed: options.seed, ledger: ledger)
        broker = SimulatedBroker(seed: options.seed)
        watch = Watch()
        admin = SimulatedAdmin(seed: options.seed)
        let count = options.devices ?? 2 + chance.index(4)
        for index in 0..<count {
            devices.append(
                try SimulatedDevice(
                    index: index,
                    folder: folder + "/lamp-\(index)",
                    options: options,
                    ledger: ledger
                )
            )
        }
    }

    /// Runs for so many milliseconds and those that are skipped, or until something is wrong.
    func run(for length: Int64) async {
        horizon = now + length
        while violations.isEmpty, let time = agenda.nextTime, time <= horizon {
            guard let (time, event) = agenda.next() else { break }
            now = max(now, time)
            await perform(event)
            await look()
        }
        now = max(now, horizon)
    }

    /// Lets days pass in which nobody does anything.
    func skip(days: Int64) {
        now += days * 86_400_000
        horizon += days * 86_400_000
    }

    private func perform(_ event: Event) async {
        switch event {
        case .toServer(let payload, let channel): await deliver(payload, toServerOn: channel)
        case .toTopic(let topic, let payload, let isRetained):
            for device in devices {
                await deliver(payload, to: device, on: topic, isRetained: isRetained)
            }
        case .nudge(let index):
            let device = devices[index]
            if device.isRunning, device.isConnected, device.link == .device {
                requestContact(device)
            }
        case .timer(let index, let timer, let number):
            let device = devices[index]
            guard device.isRunning, device.timers[timer]?.number == number else { return }
            device.timers[timer] = nil
            await ended(timer, of: device)
        case .linked(let index, let number): linked(devices[index], number: number)
        case .boot(let index): await boot(devices[index])
        case .serverBoot: await startServer()
        case .serverTick: await tick()
        case .campaigns: await pulseCampaigns()
        case .admin: await actAsAdmin()
        case .supervision: await supervise()
        case .mischief: await breakSomething()
        case .mended(let trouble): mend(trouble)
        }
    }

    // MARK: - Time

    func after(_ pause: Int64, _ event: Event) { agenda.add(event, at: now + max(0, pause)) }

    func set(_ device: SimulatedDevice, _ timer: SimulatedDevice.Timer, after pause: Duration) {
        device.count += 1
        let end = now + pause.milliseconds
        device.timers[timer] = (device.count, end)
        agenda.add(.timer(device.index, timer, number: device.count), at: end)
    }

    /// Unless one for the same purpose ends sooner.
    func set(_ device: SimulatedDevice, _ timer: SimulatedDevice.Timer, within pause: Duration) {
        if let other = device.timers[timer], other.end <= now + pause.milliseconds { return }
        set(device, timer, after: pause)
    }

    /// How long a payload takes in good weather.
    func latency() -> Int64 { chance.number(2...120) }

    /// What the server's wall clock shows, in seconds since 1970.
    var serverTime: Int64 { server.clock + now / 1000 }

    // MARK: - Chance and trace

    func happens(_ fault: Fault) -> Bool { !isQuiet && chance.happens(weather.rate(fault)) }

    func count(_ fault: Fault) { faults[fault, default: 0] += 1 }

    func count(action: String) { actions[action, default: 0] += 1 }

    func trace(_ device: SimulatedDevice?, _ text: @autoclosure () -> String) {
        trace.add(now, device?.index, text())
    }

    var digest: UInt64 { trace.digest }
    var steps: Int { trace.count }

    // MARK: - Findings

    func violate(_ kind: Violation.Kind, _ device: SimulatedDevice?, _ detail: String) {
        trace(device, "VIOLATION \(kind): \(detail)")
        violations.append(
            Violation(
                kind: kind,
                device: device?.name.description,
                detail: detail,
                story: trace.story(of: device?.index, limit: 80)
            )
        )
    }

    func scan(_ bytes: [UInt8], _ place: String) {
        if ledger.isIn(bytes) { violate(.plaintext, nil, "a secret in the clear in \(place)") }
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
