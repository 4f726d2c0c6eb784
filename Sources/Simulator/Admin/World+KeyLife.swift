internal import Fleet
internal import KeyExchange
internal import Registry

// Orders about the life of a key beyond its rotation.
extension World {
    func live(
        _ action: AdminAction,
        _ registry: Registry,
        _ device: SimulatedDevice,
        _ key: KeyName,
        _ actor: String
    ) async throws {
        let oneOrAll = admin.chance.happens(0.7) ? key : nil
        let one = KeyScope.device(device.name)
        let scope = admin.chance.happens(0.8) ? one : .group(Self.group)
        let now = serverTime
        switch action {
        case .suspend:
            _ = try await registry.suspend(scope, key: oneOrAll, actor: actor, now: now)
        case .resume:
            _ = try await registry.resume(scope, key: oneOrAll, actor: actor, now: now)
        case .compromise:
            let epoch = admin.chance.happens(0.5) ? drawEpoch(of: key, device) : nil
            _ = try await registry.compromise(one, key: key, epoch: epoch, actor: actor, now: now)
        case .compromiseGroup:
            _ = try await registry.compromise(
                .group(Self.group),
                key: oneOrAll,
                actor: actor,
                now: now
            )
        case .destroy:
            guard let epoch = drawEpoch(of: key, device) else { return }
            _ = try await registry.destroy(
                device.name,
                key: key,
                epoch: epoch,
                actor: actor,
                now: now
            )
        case .rollBack:
            _ = try await registry.rollBack(device.name, key: key, actor: actor, now: now)
        case .retireKey:
            _ = try await registry.retireKey(one, key: key, actor: actor, now: now)
        case .retireKeyOfGroup:
            _ = try await registry.retireKey(.group(Self.group), key: key, actor: actor, now: now)
        default: preconditionFailure("\(action) is not about the life of a key")
        }
    }

    /// A generation that the server remembers.
    private func drawEpoch(of key: KeyName, _ device: SimulatedDevice) -> Epoch? {
        let keys = watch.entries[device.index]?.believed.keys.filter { $0.name == key }
        return keys?.randomElement(using: &admin.chance)?.epoch
    }

    /// The server's own identity: the next one is announced, and in use once all devices know it.
    func change(_ action: AdminAction, _ registry: Registry, by actor: String) async throws {
        // Who never enrolled holds a bundle for the first identity alone.
        guard isEveryoneKnown else { return }
        say(action, nil, nil)
        if action == .announceAnchor {
            _ = try await registry.announceAnchor(actor: actor, now: serverTime)
        } else {
            // What the guide says of backups: none from before a switch. A server that dies has perhaps
            // done it all the same.
            do {
                _ = try await registry.switchAnchor(actor: actor, now: serverTime)
            } catch  where error.code == .conflict {
                throw error
            } catch {
                server.forgetBackups()
                throw error
            }
            server.forgetBackups()
        }
    }

    /// Whether every device was heard by the server.
    var isEveryoneKnown: Bool {
        watch.entries.count == devices.count
            && watch.entries.values.allSatisfy { $0.believed.state != nil }
    }
}
