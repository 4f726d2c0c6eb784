internal import Fleet
internal import KeyExchange
internal import Registry

// How the world begins: a fleet, its group, its keys, a bundle for each device.
extension World {
    /// Makes the fleet, its group and its keys, and gives each device its bundle.
    func found() async throws {
        try await server.create()
        guard let registry = server.registry else { return }
        _ = try await registry.createGroup(Self.group, actor: Self.actor, now: serverTime)
        for text in ["door", "signing"].prefix(1 + chance.index(2)) {
            let spec = try drawKeySpec(named: KeyName(parsing: text))
            try await registry.createKeySpec(spec, actor: Self.actor, now: serverTime)
            watch.specs.append(spec.name)
        }
        if admin.chance.happens(0.3) {
            try await setPolicy("secondApproval", "on", registry)
        }
        if admin.chance.happens(0.3) { try await setPolicy("orderLifeDays", "2", registry) }
        let created = try await registry.createBundle(
            group: Self.group,
            uses: 1000,
            expiresAt: 4_000_000_000,
            actor: Self.actor,
            now: serverTime
        )
        for device in devices {
            device.bundle = Bundle(
                fleet: registry.fleet,
                group: Self.group,
                broker: Bundle.Broker(host: "broker.test", port: 8883, authority: []),
                enrolPassword: registry.enrolPassword,
                server: registry.serverCredential,
                token: EnrolmentToken(id: created.bundle.id.bytes, secret: created.secret),
                expires: nil
            )
        }
        changedAtServer = true
    }

    private func drawKeySpec(named name: KeyName) throws -> KeySpec {
        let grace = [0, 0, 60, 3600, 36_000][chance.index(5)]
        let period: UInt32? = chance.happens(0.5) ? UInt32(chance.number(40_000...400_000)) : nil
        let age: UInt32? =
            admin.chance.happens(0.2) ? UInt32(admin.chance.number(90_000...600_000)) : nil
        return try KeySpec(
            group: Self.group,
            name: name,
            algorithm: .aes256GCM,
            rotationSeconds: period,
            graceSeconds: UInt32(grace),
            maximumAgeSeconds: age
        )
    }

    private func setPolicy(_ name: String, _ value: String, _ registry: Registry) async throws {
        _ = try await registry.setPolicy(name, to: value, actor: Self.actor, now: serverTime)
    }
}
