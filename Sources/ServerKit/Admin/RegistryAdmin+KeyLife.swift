internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    /// Kind after kind, each by device; the page's mark is `kind/device`.
    func listNotices(
        kind: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AdminModel.Notice> {
        let kind: NoticeKind? = try chosen(kind, "kind", NoticeKind.init(rawValue:))
        let mark = try mark(page.after)
        return try await mapping { () throws(RegistryError) in
            let kinds = kind.map { [$0] } ?? NoticeKind.allCases
            let start = mark.flatMap { mark in kinds.firstIndex(of: mark.0) } ?? 0
            var items: [Fleet.Notice] = []
            for kind in kinds[start...] {
                let room = page.limit - items.count
                if room == 0 { break }
                items += try await registry.notices(
                    kind,
                    after: kind == mark?.0 ? mark?.1 : nil,
                    limit: room
                )
            }
            return Page(
                items: items.map { .init($0) },
                next: items.count < page.limit ? nil : items.last.map { "\($0.kind)/\($0.device)" }
            )
        }
    }

    func dismissNotice(
        _ dismissal: NoticeDismissal,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount {
        let device: DeviceID = try parsed(dismissal.device, "device")
        let kind = try choice(dismissal.kind, "kind", NoticeKind.init(rawValue:))
        return try await mapping { () throws(RegistryError) in
            let isGone = try await registry.dismissNotice(
                kind,
                of: device,
                actor: actor.description,
                now: now
            )
            return DeviceCount(devices: isGone ? 1 : 0)
        }
    }

    private func mark(
        _ after: String?
    ) throws(AdminProblem) -> (NoticeKind, DeviceID)? {
        guard let after else { return nil }
        let parts = after.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let kind = NoticeKind(rawValue: String(parts[0])) else {
            throw AdminProblem(field: "after", "want the `next` of the part before")
        }
        return (kind, try parsed(String(parts[1]), "after"))
    }

    func suspendKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        try await change(order) { scope, key, now throws(RegistryError) in
            try await registry.suspend(scope, key: key, actor: actor.description, now: now)
        }
    }

    func resumeKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        try await change(order) { scope, key, now throws(RegistryError) in
            try await registry.resume(scope, key: key, actor: actor.description, now: now)
        }
    }

    func compromiseKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        let epoch = try epoch(order)
        return try await change(order, takesEpoch: true) { scope, key, now throws(RegistryError) in
            try await registry.compromise(
                scope,
                key: key,
                epoch: epoch,
                actor: actor.description,
                now: now
            )
        }
    }

    func retireKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        try await change(order) { scope, key, now throws(RegistryError) in
            try await registry.retireKey(scope, key: key, actor: actor.description, now: now)
        }
    }

    func destroyKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange {
        guard let epoch = try epoch(order), order.device != nil else {
            throw AdminProblem(.invalid, "want one device and one epoch to destroy")
        }
        return try await change(order, takesEpoch: true) { scope, key, now throws(RegistryError) in
            guard case .device(let device) = scope else {
                throw RegistryError(.invalid, "want one device and one epoch to destroy")
            }
            _ = try await registry.destroy(
                device,
                key: key,
                epoch: epoch,
                actor: actor.description,
                now: now
            )
            return 1
        }
    }

    private func change(
        _ order: KeyOrder,
        takesEpoch: Bool = false,
        _ body: @escaping @Sendable (KeyScope, KeyName, Int64) async throws(RegistryError) -> Int
    ) async throws(AdminProblem) -> KeyChange {
        guard takesEpoch || order.epoch == nil else {
            throw AdminProblem(
                field: "epoch",
                "this is about a key as a whole: leave the epoch out"
            )
        }
        let scope = try scope(order.device, order.group, order.query)
        let key: KeyName = try parsed(order.key, "key")
        return try await mapping { () throws(RegistryError) in
            KeyChange(keys: try await body(scope, key, now))
        }
    }

    private func epoch(_ order: KeyOrder) throws(AdminProblem) -> Epoch? {
        guard let number = order.epoch else { return nil }
        guard let epoch = Epoch(number) else {
            throw AdminProblem(field: "epoch", "want a number from 1, have \(number)")
        }
        return epoch
    }
}

extension AdminModel.Notice {
    init(_ notice: Fleet.Notice) {
        self.init(
            device: notice.device.description,
            kind: notice.kind.rawValue,
            firstAt: Timestamp(seconds: notice.firstAt),
            lastAt: Timestamp(seconds: notice.lastAt)
        )
    }
}
