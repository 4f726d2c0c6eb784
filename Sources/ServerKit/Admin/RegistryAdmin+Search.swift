internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

/// Finding devices.
extension RegistryAdmin {
    func listDevices(
        _ filter: AdminModel.DeviceFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AdminModel.Device> {
        let group: GroupName? = try parsed(filter.group, "group")
        let state: DeviceState? = try chosen(filter.state, "state", DeviceState.init(parsing:))
        let query = filter.query == nil ? nil : try query(of: filter)
        let after: DeviceID? = try parsed(page.after, "after")
        let now = now
        return try await mapping { () throws(RegistryError) in
            let devices =
                if let query {
                    try await registry.listDevices(
                        query: query,
                        after: after,
                        limit: page.limit,
                        now: now
                    )
                } else {
                    try await registry.listDevices(
                        .init(group: group, state: state),
                        after: after,
                        limit: page.limit
                    )
                }
            return Page(
                items: devices.map { .init($0) },
                next: devices.count < page.limit ? nil : devices.last?.id.description
            )
        }
    }

    func countDevices(
        _ filter: AdminModel.DeviceFilter
    ) async throws(AdminProblem) -> DeviceCount {
        let query = try query(of: filter)
        let group: GroupName? = try parsed(filter.group, "group")
        let now = now
        return try await mapping { () throws(RegistryError) in
            if let group, !(try await registry.listGroups().contains { $0.name == group }) {
                throw RegistryError(.notFound, "there is no group \(group)")
            }
            return DeviceCount(devices: try await registry.countDevices(query: query, now: now))
        }
    }

    /// A filter as one query.
    private func query(of filter: AdminModel.DeviceFilter) throws(AdminProblem) -> Query {
        var terms: [String] = []
        if let text = filter.query {
            // Alone first, so that a fault has its column in what was sent.
            _ = try Query(reading: text, "where")
            terms.append("(\(text))")
        }
        let group: GroupName? = try parsed(filter.group, "group")
        let state: DeviceState? = try chosen(filter.state, "state", DeviceState.init(parsing:))
        if let group { terms.append("group = \(group)") }
        if let state { terms.append("state = \(state)") }
        if terms.isEmpty { return .everything }
        // One that is as long as can be has no room for more.
        if terms.count == 1, let text = filter.query { return try Query(reading: text, "where") }
        return try Query(reading: terms.joined(separator: " and "), "where")
    }
}
