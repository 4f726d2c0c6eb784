internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    func rotate(
        _ selection: KeySelection,
        by actor: AdminActor
    ) async throws(AdminProblem) -> RotationStart {
        let scope = try scope(selection.device, selection.group, selection.query)
        let key: KeyName? = try parsed(selection.key, "key")
        return try await mapping { () throws(RegistryError) in
            RotationStart(
                keys: try await registry.rotate(
                    scope,
                    key: key,
                    actor: actor.description,
                    now: now
                )
            )
        }
    }

    func progress(of selection: KeySelection) async throws(AdminProblem) -> RotationProgress {
        let key: KeyName? = try parsed(selection.key, "key")
        let device: DeviceID? = try parsed(selection.device, "device")
        let group: GroupName? = try parsed(selection.group, "group")
        let query = try selection.query.map { text throws(AdminProblem) in
            try Query(reading: text, "where")
        }
        let now = now
        return try await mapping { () throws(RegistryError) in
            let progress: KeyProgress
            switch (device, group, query) {
            case (let device?, nil, nil):
                progress = try await registry.progress(device: device, key: key, now: now)
            case (nil, let group?, nil):
                progress = try await registry.progress(group: group, key: key, now: now)
            case (nil, nil, let query?):
                progress = try await registry.progress(query: query, key: key, now: now)
            default: throw RegistryError(.invalid, "want one of device, group and where")
            }
            return RotationProgress(
                keys: progress.keys,
                settled: progress.settled,
                waiting: progress.waiting,
                failed: progress.failed
            )
        }
    }
}
