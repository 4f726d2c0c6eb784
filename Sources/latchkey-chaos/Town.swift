internal import BrokerHarness
internal import EstateHarness
internal import Foundation
internal import Glibc

/// The estate under attack: all agents on one bundle, behind a proxy that misbehaves when told.
struct Town: Sendable {
    let estate: Estate
    let proxy: MisbehavingProxy
    let lamps: [Lamp]
    private let hook: String
    private static let refusal = "hooks-refuse"

    init(agents: Int, seed: UInt64) async throws {
        estate = try await Estate(isProxied: true, seed: seed)
        guard let proxy = estate.proxy else { throw Trouble("the estate has no proxy") }
        self.proxy = proxy
        // The hook of every tenth agent refuses all keys as long as a certain file is there.
        let hook = "\(estate.path)/hook"
        try write(
            "#!/bin/sh\ncat >/dev/null\ntest ! -e '\(estate.path)/\(Self.refusal)'\n",
            to: hook
        )
        guard unsafe chmod(hook, 0o700) == 0 else { throw Trouble("chmod \(hook)") }
        self.hook = hook
        lamps = (1...agents).map { [estate] in Lamp("lamp-\($0)", in: estate) }
    }

    /// Starts everything; returns when each agent holds what the server thinks.
    func open() async throws {
        try await estate.start()
        // A storm brings new generations faster than any real grace would end.
        let bundle = try await estate.makeLamps(grace: "5s", uses: lamps.count)
        for lamp in lamps {
            try await lamp.prepare(with: bundle)
            try start(lamp)
        }
        for lamp in lamps { try await lamp.agrees(from: 1, within: .seconds(120)) }
    }

    func start(_ lamp: Lamp) throws {
        try lamp.start(
            contactInterval: 2,
            sessionLimit: 2,
            hook: lamp.name.hasSuffix("5") ? hook : nil
        )
    }

    /// Whether hooks refuse from now on.
    func refuse(_ isRefusing: Bool) throws {
        let file = "\(estate.path)/\(Self.refusal)"
        if isRefusing { try write("", to: file) } else { unsafe unlink(file) }
    }

    /// How many keys were refused by a hook so far.
    func refusals() async throws -> Int {
        try await estate.audit("keyWithdrawn").count { $0.details.values.contains("hookFailed") }
    }

    /// Ends all processes.
    func close() async {
        for lamp in lamps { lamp.kill() }
        estate.killServer()
        await estate.broker.stop()
    }

    /// Waits until both sides of every device agree on a generation not before `epoch`.
    func agree(from epoch: Int, _ tally: Tally) async {
        let deadline = ContinuousClock.now + .seconds(180)
        for lamp in lamps {
            let left = max(.seconds(5), deadline - .now)
            do { try await lamp.agrees(from: epoch, within: left) } catch {
                tally.stranded("\(lamp.name): \(error)")
            }
        }
    }

    /// What must hold at the end, whatever happened.
    func check(_ tally: Tally) async throws {
        guard try await estate.auditIsIntact() else {
            tally.violation("the audit log does not verify")
            return
        }
        let waiting = try await estate.number(
            "SELECT COUNT(*) FROM device_key WHERE state = 1 OR rotate_at IS NOT NULL"
        )
        if waiting > 0 { tally.violation("\(waiting) generations are still in flight") }
        try await compareAudit(tally)
    }

    /// Each generation that is in use, and each that is over, has its row in the audit log.
    private func compareAudit(_ tally: Tally) async throws {
        for (state, kind) in [(3, "keyActivated"), (4, "keySuperseded"), (6, "keyDestroyed")] {
            let unaudited = try await estate.number(
                """
                SELECT COUNT(*) FROM device_key JOIN device ON device.id = device_id
                WHERE device_key.state = \(state) AND NOT EXISTS (
                    SELECT 1 FROM audit WHERE audit.device = device.name AND kind = '\(kind)'
                        AND key_name = device_key.name AND audit.epoch = device_key.epoch)
                """
            )
            if unaudited > 0 { tally.violation("\(unaudited) generations without \(kind)") }
        }
    }
}
