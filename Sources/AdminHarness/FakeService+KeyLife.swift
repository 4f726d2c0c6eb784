package import AdminAPI
package import AdminModel

extension FakeService {
    package func countDevices(
        _ filter: DeviceFilter
    ) async throws(AdminProblem) -> DeviceCount {
        try change { state throws(AdminProblem) in
            DeviceCount(devices: try state.devices(filter).count)
        }
    }

    package func label(
        _ change: LabelChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount {
        try self.change { state throws(AdminProblem) in
            let found = try state.devices(change.device, change.group, change.query)
            for name in (change.set ?? [:]).keys { try check(name) }
            for detail in found {
                var labels = detail.labels ?? [:]
                labels.merge(change.set ?? [:]) { $1 }
                for name in change.remove ?? [] { labels[name] = nil }
                state.devices[detail.device.id]?.labels = labels
                state.record("deviceLabelled", actor, device: detail.device.id)
            }
            return DeviceCount(devices: found.count)
        }
    }

    package func quarantineDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Device {
        try move(id, from: "enrolled", to: "quarantined", "deviceQuarantined", actor)
    }

    package func reinstateDevice(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Device {
        try move(id, from: "quarantined", to: "enrolled", "deviceReinstated", actor)
    }

    private func move(
        _ id: String,
        from: String,
        to: String,
        _ kind: String,
        _ actor: AdminActor
    ) throws(AdminProblem) -> Device {
        try change { state throws(AdminProblem) in
            guard var device = state.devices[id]?.device else {
                throw AdminProblem(.notFound, "there is no device \(id)")
            }
            if device.state == to { return device }
            guard device.state == from else {
                throw AdminProblem(.conflict, "device \(id) is \(device.state): want \(from)")
            }
            device.state = to
            state.devices[id]?.device = device
            state.record(kind, actor, device: id)
            return device
        }
    }

    package func listNotices(
        kind: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Notice> {
        try change { state throws(AdminProblem) in
            let notices = state.notices.filter { kind == nil || kind == $0.kind }
                .sorted { ($0.device, $0.kind) < ($1.device, $1.kind) }
            return cut(notices, page) { "\($0.device)/\($0.kind)" }
        }
    }

    package func dismissNotice(
        _ dismissal: NoticeDismissal,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount {
        try change { state throws(AdminProblem) in
            guard state.devices[dismissal.device] != nil else {
                throw AdminProblem(.notFound, "there is no device \(dismissal.device)")
            }
            let count = state.notices.count
            state.notices.removeAll {
                $0.device == dismissal.device && $0.kind == dismissal.kind
            }
            return DeviceCount(devices: count - state.notices.count)
        }
    }

    package func suspendKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        try move(order, from: ["active"], to: "suspended", "keySuspended", actor)
    }

    package func resumeKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        try move(order, from: ["suspended"], to: "active", "keyResumed", actor)
    }

    package func compromiseKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        let live: Set = ["active", "superseded", "suspended", "offered"]
        return try move(order, from: live, to: "compromised", "keyCompromised", actor)
    }

    package func retireKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        let live: Set = ["active", "superseded", "suspended", "offered"]
        let change = try move(order, from: live, to: "destroyed", "keyRetired", actor)
        if let group = order.group {
            stage { state in
                for index in state.specs.indices
                where state.specs[index].group == group && state.specs[index].name == order.key {
                    state.specs[index].retiredAt = noon
                }
            }
        }
        return change
    }

    package func destroyKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        guard order.device != nil, order.epoch != nil else {
            throw AdminProblem(.invalid, "want one device and one epoch to destroy")
        }
        return try move(order, from: ["superseded"], to: "destroyed", "keyDestroyed", actor)
    }

    /// One device in the wrong state is a conflict; of many, those in the right one are changed.
    private func move(
        _ order: KeyOrder,
        from: Set<String>,
        to: String,
        _ kind: String,
        _ actor: AdminActor
    ) throws(AdminProblem) -> KeyChange {
        try change { state throws(AdminProblem) in
            var count = 0
            for detail in try state.devices(order.device, order.group, order.query) {
                let indices = detail.keys.indices.filter { index in
                    detail.keys[index].name == order.key
                        && (order.epoch == nil || order.epoch == detail.keys[index].epoch)
                }
                let id = detail.device.id
                if order.device != nil, indices.isEmpty {
                    throw AdminProblem(.notFound, "device \(id) has no key \(order.key)")
                }
                let changing = indices.filter { from.contains(detail.keys[$0].state) }
                if order.device != nil, changing.isEmpty {
                    let now = indices.last.map { detail.keys[$0].state } ?? "unknown"
                    throw AdminProblem(.conflict, "key \(order.key) of device \(id) is \(now)")
                }
                for index in changing { state.devices[id]?.keys[index].state = to }
                if !changing.isEmpty { state.record(kind, actor, device: id) }
                count += changing.count
            }
            return KeyChange(keys: count)
        }
    }
}
