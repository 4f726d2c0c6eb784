internal import Fleet
internal import KeyExchange
internal import Registry

// What admins ask for, at random moments, and how they put an end to it.
extension World {
    static let actor = "uid:root"
    static let group = GroupName(checked: "lights")

    func actAsAdmin() async {
        guard !isQuiet else { return }
        after(admin.chance.magnitude(30_000...16 * 3_600_000), .admin)
        let device = devices[admin.chance.index(devices.count)]
        let action = admin.choose()
        await ask(action, of: device) { registry throws in
            try await self.act(action, registry, on: device)
        }
    }

    /// Asks for something that the server may refuse for a reason.
    func ask(
        _ action: AdminAction,
        of device: SimulatedDevice? = nil,
        _ body: (Registry) async throws -> Void
    ) async {
        guard let registry = server.registry else { return }
        do {
            try await body(registry)
            await noteCommit()
        } catch let error as RegistryError {
            // A part of it may have been committed before.
            changedAtServer = true
            guard await !endServerIfPlanned() else { return }
            switch error.code {
            // Invalid is what no device can be in at this hour: no window opens before the deadline.
            case .invalid where action == .beginCampaign:
                trace(device, "the server refuses: \(error)")
            case .conflict, .notFound, .diskFull:
                trace(device, "the server refuses: \(error)")
            default: violate(.serverFailed, device, "\(action.rawValue): \(error)")
            }
        } catch {
            violate(.serverFailed, device, "\(action.rawValue): \(error)")
        }
    }

    private func act(
        _ action: AdminAction,
        _ registry: Registry,
        on device: SimulatedDevice
    ) async throws {
        let key = watch.specs[admin.chance.index(watch.specs.count)]
        let oneOrAll = admin.chance.happens(0.7) ? key : nil
        let actor = admin.person()
        let now = serverTime
        switch action {
        case .rotate:
            say(action, device, key)
            _ = try await registry.rotate(
                .device(device.name),
                key: oneOrAll,
                actor: actor,
                now: now
            )
        case .rotateGroup:
            say(action, nil, key)
            _ = try await registry.rotate(
                .group(Self.group),
                key: oneOrAll,
                actor: actor,
                now: now
            )
        case .rotateQuery:
            say(action, nil, key)
            _ = try await registry.rotate(.query(drawQuery()), key: key, actor: actor, now: now)
        case .quarantine:
            say(action, device, nil)
            _ = try await registry.quarantineDevice(device.name, actor: actor, now: now)
        case .release:
            say(action, device, nil)
            _ = try await registry.reinstateDevice(device.name, actor: actor, now: now)
        case .retireDevice:
            say(action, device, nil)
            _ = try await registry.retireDevice(device.name, actor: actor, now: now)
        case .suspend, .resume, .compromise, .compromiseGroup, .destroy, .rollBack, .retireKey,
            .retireKeyOfGroup:
            say(action, device, key)
            try await live(action, registry, device, key, actor)
        case .beginCampaign: try await beginCampaign(registry, on: key, by: actor)
        case .steerCampaign: try await steerCampaign(registry, by: actor)
        case .announceAnchor, .switchAnchor: try await change(action, registry, by: actor)
        }
    }

    func say(_ action: AdminAction, _ device: SimulatedDevice?, _ key: KeyName?) {
        count(action: action.rawValue)
        trace(device, "ADMIN \(action.rawValue) \(key?.description ?? "")")
    }

    /// Which devices are meant.
    func drawQuery() throws -> Query {
        let name = devices[admin.chance.index(devices.count)].name
        let key = watch.specs[admin.chance.index(watch.specs.count)]
        let texts = [
            "all", "group=lights", "not id=\(name)", "id=\(name)", "age.\(key) > 10m",
            "epoch.\(key) <= 3", "seen < 7d and store=file",
        ]
        return try Query(parsing: texts[admin.chance.index(texts.count)])
    }

    // MARK: - The end

    /// What admins do when nothing breaks any more: nobody is left out, and nothing under way.
    func settleAffairs() async {
        for device in devices where watch.entries[device.index]?.believed.state == .quarantined {
            await ask(.release, of: device) { registry throws in
                _ = try await registry.reinstateDevice(
                    device.name,
                    actor: Self.actor,
                    now: self.serverTime
                )
            }
        }
        // A server that came back from the time before has forgotten it; `latchkey status` shows them.
        for device in devices where watch.entries[device.index]?.isGone == true {
            await ask(.retireDevice, of: device) { registry throws in
                _ = try await registry.retireDevice(
                    device.name,
                    actor: Self.actor,
                    now: self.serverTime
                )
            }
        }
        if admin.chance.happens(0.5) {
            trace(nil, "ADMIN resume all")
            await ask(.resume) { registry throws in
                _ = try await registry.resume(
                    .group(Self.group),
                    key: nil,
                    actor: Self.actor,
                    now: self.serverTime
                )
            }
        }
    }

    /// A last rotation, which nothing hinders; it also tries again what a hook has refused.
    func rotateAll() async {
        trace(nil, "ADMIN rotate all")
        await ask(.rotateGroup) { registry throws in
            _ = try await registry.rotate(
                .group(Self.group),
                key: nil,
                actor: Self.actor,
                now: self.serverTime
            )
        }
    }
}
