internal import AdminModel
internal import Fleet
internal import KeyExchange

/// A query over the fake's devices.
struct FakeQuery {
    private let query: Query

    init(_ text: String) throws(AdminProblem) {
        do throws(QueryError) {
            query = try Query(parsing: text)
        } catch {
            throw AdminProblem(
                .invalid,
                "bad query, \(error)",
                details: [
                    .init(field: "where", input: text, column: error.column, message: error.reason)
                ]
            )
        }
    }

    func matches(_ detail: DeviceDetail) -> Bool {
        guard let id = try? DeviceID(parsing: detail.device.id),
            let group = try? GroupName(parsing: detail.device.group),
            let state = DeviceState(parsing: detail.device.state)
        else { return false }
        let facts = DeviceFacts(
            id: id,
            group: group,
            state: state,
            agentVersion: detail.device.agentVersion,
            createdAt: noon.seconds,
            lastSeen: detail.device.lastSeenAt?.seconds,
            now: noon.seconds,
            labels: detail.labels ?? [:]
        )
        return query.matches(facts)
    }
}

extension FakeFleet {
    /// The devices that a filter finds, by name.
    func devices(_ filter: AdminModel.DeviceFilter) throws(AdminProblem) -> [DeviceDetail] {
        let query = try filter.query.map { text throws(AdminProblem) in try FakeQuery(text) }
        return devices.values
            .filter { filter.group == nil || filter.group == $0.device.group }
            .filter { filter.state == nil || filter.state == $0.device.state }
            .filter { query?.matches($0) ?? true }
            .sorted { $0.device.id < $1.device.id }
    }
}
