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
        let scope = try scope(of: selection)
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

    /// Looks at each device of the selection; a page at a time, so that memory stays bounded.
    func progress(of selection: KeySelection) async throws(AdminProblem) -> RotationProgress {
        let scope = try scope(of: selection)
        let key: KeyName? = try parsed(selection.key, "key")
        return try await mapping { () throws(RegistryError) in
            var progress = RotationProgress(keys: 0, settled: 0, waiting: 0, failed: 0)
            switch scope {
            case .device(let id):
                let details = try await registry.device(id)
                let names = try await names(in: details.device.group, key)
                progress.count(details, names, now: now)
            case .group(let group):
                let names = try await names(in: group, key)
                var after: DeviceID?
                repeat {
                    let devices = try await registry.listDevices(
                        .init(group: group, state: .enrolled),
                        after: after,
                        limit: PageRequest.largestLimit
                    )
                    for device in devices {
                        progress.count(try await registry.device(device.id), names, now: now)
                    }
                    after =
                        devices.count < PageRequest.largestLimit ? nil : devices.last?.id
                } while after != nil
            }
            return progress
        }
    }

    private func names(
        in group: GroupName,
        _ key: KeyName?
    ) async throws(RegistryError) -> [KeyName] {
        try await registry.listKeySpecs(group: group).map(\.name)
            .filter { key == nil || $0 == key }
    }

    private func scope(of selection: KeySelection) throws(AdminProblem) -> RotationScope {
        switch (selection.device, selection.group) {
        case (let device?, nil): .device(try parsed(device, "device"))
        case (nil, let group?): .group(try parsed(group, "group"))
        default: throw AdminProblem(.invalid, "want either a device or a group")
        }
    }
}

extension RotationProgress {
    fileprivate mutating func count(_ details: DeviceDetails, _ names: [KeyName], now: Int64) {
        guard details.device.state == .enrolled else { return }
        for name in names {
            let epochs = details.keys.filter { $0.name == name }
            keys += 1
            if epochs.contains(where: { $0.state == .offered || ($0.rotateAt ?? .max) <= now }) {
                waiting += 1
            } else if let newest = epochs.last, newest.failure != nil {
                failed += 1
            } else if epochs.contains(where: { $0.state == .active }) {
                settled += 1
            } else {
                waiting += 1
            }
        }
    }
}
