internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    func label(
        _ change: LabelChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount {
        let scope = try scope(change.device, change.group, change.query)
        let now = now
        return try await mapping { () throws(RegistryError) in
            DeviceCount(
                devices: try await registry.label(
                    scope,
                    set: change.set ?? [:],
                    remove: Set(change.remove ?? []),
                    actor: actor.description,
                    now: now
                )
            )
        }
    }

    func quarantineDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.Device {
        let id: DeviceID = try parsed(id, "device")
        return try await mapping { () throws(RegistryError) in
            .init(try await registry.quarantineDevice(id, actor: actor.description, now: now))
        }
    }

    func reinstateDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.Device {
        let id: DeviceID = try parsed(id, "device")
        return try await mapping { () throws(RegistryError) in
            .init(try await registry.reinstateDevice(id, actor: actor.description, now: now))
        }
    }

    /// The one thing that is named.
    func scope(
        _ device: String?,
        _ group: String?,
        _ query: String?
    ) throws(AdminProblem) -> KeyScope {
        switch (device, group, query) {
        case (let device?, nil, nil): return .device(try parsed(device, "device"))
        case (nil, let group?, nil): return .group(try parsed(group, "group"))
        case (nil, nil, let query?): return .query(try Query(reading: query, "where"))
        default: throw AdminProblem(.invalid, "want one of device, group and where")
        }
    }
}
