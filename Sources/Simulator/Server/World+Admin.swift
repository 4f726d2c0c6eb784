internal import Fleet
internal import KeyExchange
internal import Registry

// What an admin does, at random moments.
extension World {
    private static let actor = "uid:root"

    /// Makes the fleet, its group and its keys, and gives each device its bundle.
    func found() async throws {
        try await server.create()
        guard let registry = server.registry else { return }
        let group = try GroupName(parsing: "lights")
        _ = try await registry.createGroup(group, actor: Self.actor, now: serverTime)
        for text in ["door", "signing"].prefix(1 + chance.index(2)) {
            let grace = [0, 0, 60, 3600, 36_000][chance.index(5)]
            let period: UInt32? =
                chance.happens(0.5) ? UInt32(chance.number(40_000...400_000)) : nil
            let name = try KeyName(parsing: text)
            let spec = try KeySpec(
                group: group,
                name: name,
                algorithm: .aes256GCM,
                rotationSeconds: period,
                graceSeconds: UInt32(grace)
            )
            try await registry.createKeySpec(spec, actor: Self.actor, now: serverTime)
            watch.specs.append(name)
        }
        let created = try await registry.createBundle(
            group: group,
            uses: 1000,
            expiresAt: 4_000_000_000,
            actor: Self.actor,
            now: serverTime
        )
        for device in devices {
            device.bundle = Bundle(
                fleet: registry.fleet,
                group: group,
                broker: Bundle.Broker(host: "broker.test", port: 8883, authority: []),
                enrolPassword: registry.enrolPassword,
                server: registry.serverCredential,
                token: EnrolmentToken(id: created.bundle.id.bytes, secret: created.secret),
                expires: nil
            )
        }
        changedAtServer = true
    }

    func actAsAdmin() async {
        guard !isQuiet else { return }
        after(chance.magnitude(30_000...20 * 3_600_000), .admin)
        guard let registry = server.registry else { return }
        let device = devices[chance.index(devices.count)]
        do {
            try await act(registry, on: device)
            await noteCommit()
        } catch let error as RegistryError {
            guard await !endServerIfPlanned() else { return }
            switch error.code {
            case .conflict, .notFound, .diskFull: break
            default: violate(.serverFailed, device, "an admin's wish: \(error)")
            }
        } catch {
            violate(.serverFailed, device, "\(error)")
        }
    }

    private func act(_ registry: Registry, on device: SimulatedDevice) async throws {
        let key = watch.specs[chance.index(watch.specs.count)]
        switch chance.index(20) {
        case 0...9:
            say("rotate", device, key)
            _ = try await registry.rotate(
                .device(device.name),
                key: chance.happens(0.7) ? key : nil,
                actor: Self.actor,
                now: serverTime
            )
        case 10...13:
            say("rotate group", nil, key)
            _ = try await registry.rotate(
                .group(GroupName(parsing: "lights")),
                key: chance.happens(0.7) ? key : nil,
                actor: Self.actor,
                now: serverTime
            )
        case 14, 15:
            say("quarantine", device, nil)
            _ = try await registry.quarantineDevice(
                device.name,
                actor: Self.actor,
                now: serverTime
            )
        case 16...18:
            say("release", device, nil)
            _ = try await registry.reinstateDevice(device.name, actor: Self.actor, now: serverTime)
        default:
            guard chance.happens(0.2) else { return }
            say("retire device", device, nil)
            _ = try await registry.retireDevice(device.name, actor: Self.actor, now: serverTime)
        }
    }

    private func say(_ action: String, _ device: SimulatedDevice?, _ key: KeyName?) {
        count(action: action)
        trace(device, "ADMIN \(action) \(key?.description ?? "")")
    }

    /// Ends what would keep a device out for ever.
    func releaseAll() async {
        for device in devices where watch.entries[device.index]?.believed.state == .quarantined {
            _ = try? await server.registry?.reinstateDevice(
                device.name,
                actor: Self.actor,
                now: serverTime
            )
        }
        await noteCommit()
    }

    /// A last rotation, which nothing hinders; it also tries again what a hook has refused.
    func rotateAll() async {
        guard let registry = server.registry, let group = try? GroupName(parsing: "lights") else {
            return
        }
        do throws(RegistryError) {
            _ = try await registry.rotate(
                .group(group),
                key: nil,
                actor: Self.actor,
                now: serverTime
            )
            await noteCommit()
        } catch {
            violate(.serverFailed, nil, "the last rotation: \(error)")
        }
    }
}
