internal import AdminAPI
internal import AdminModel
internal import EDHOC
internal import Fleet
internal import KeyExchange
internal import Registry
internal import Secrets

extension RegistryAdmin {
    func createBundle(
        _ request: BundleCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.CreatedBundle {
        let group: GroupName = try parsed(request.group, "group")
        if request.isForRegistered == true {
            return try await bundleForRegistered(request, group)
        }
        let uses = request.uses ?? BundleCreation.defaultUses
        guard let uses = UInt32(exactly: uses) else {
            throw AdminProblem(.invalid, "uses out of range: have \(uses)")
        }
        let life = request.expiresInSeconds ?? BundleCreation.defaultLifeSeconds
        let expiresAt = now + Int64(life)
        return try await mapping { () throws(RegistryError) in
            let created = try await registry.createBundle(
                group: group,
                uses: uses,
                expiresAt: expiresAt,
                actor: actor.description,
                now: now
            )
            let token = EnrolmentToken(id: created.bundle.id.bytes, secret: created.secret)
            return AdminModel.CreatedBundle(
                id: created.bundle.id.description,
                group: group.description,
                expiresAt: Timestamp(seconds: expiresAt),
                text: text(group, token, expires: UInt64(expiresAt))
            )
        }
    }

    func listBundles(_ page: PageRequest) async throws(AdminProblem) -> Page<BundleRecord> {
        let now = now
        return try await mapping { () throws(RegistryError) in
            let bundles = try await registry.listBundles()
            // Newest first, so that no order of the ids tells where a page begins.
            let start =
                page.after.flatMap { after in
                    bundles.firstIndex { $0.id.description == after }.map { $0 + 1 }
                } ?? 0
            let part = bundles[start...].prefix(page.limit)
            return Page(
                items: part.map { BundleRecord($0, now: now) },
                next: part.endIndex < bundles.count ? part.last?.id.description : nil
            )
        }
    }

    func revokeBundle(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> BundleRecord {
        guard let id = BundleID(parsing: id) else {
            throw AdminProblem(
                .invalid,
                "bad bundle id: want \(2 * BundleID.length) hexadecimal digits"
            )
        }
        let now = now
        return try await mapping { () throws(RegistryError) in
            try await registry.revokeBundle(id, actor: actor.description, now: now)
            guard let bundle = try await registry.listBundles().first(where: { $0.id == id }) else {
                throw RegistryError(.notFound, "there is no bundle \(id)")
            }
            return BundleRecord(bundle, now: now)
        }
    }

    /// A bundle without a token: nothing in it lets a device in, so nothing is stored of it.
    private func bundleForRegistered(
        _ request: BundleCreation,
        _ group: GroupName
    ) async throws(AdminProblem) -> AdminModel.CreatedBundle {
        guard request.uses == nil, request.expiresInSeconds == nil else {
            throw AdminProblem(
                .invalid,
                "uses and expiresInSeconds are for tokens: leave them out"
            )
        }
        return try await mapping { () throws(RegistryError) in
            guard try await registry.listGroups().contains(where: { $0.name == group }) else {
                throw RegistryError(.notFound, "there is no group \(group)")
            }
            return AdminModel.CreatedBundle(
                id: nil,
                group: group.description,
                expiresAt: nil,
                text: text(group, nil, expires: nil)
            )
        }
    }

    /// The file's text, which leaves the server in an answer of JSON and so can't stay a `Secret`.
    private func text(_ group: GroupName, _ token: EnrolmentToken?, expires: UInt64?) -> String {
        let anchor = registry.newestAnchor
        let bundle = Bundle(
            fleet: registry.fleet,
            group: group,
            broker: Bundle.Broker(
                host: registry.broker.host,
                port: registry.broker.port,
                authority: registry.broker.authority
            ),
            enrolPassword: registry.enrolPassword,
            server: anchor.credential,
            commandKey: anchor.commandKey.publicKey,
            anchor: anchor.generation,
            token: token,
            expires: expires
        )
        return bundle.encode(crypto: crypto).withBytes {
            String(decoding: [UInt8](copying: $0), as: UTF8.self)
        }
    }
}

extension BundleRecord {
    fileprivate init(_ bundle: EnrolmentBundle, now: Int64) {
        let state =
            if bundle.isRevoked {
                "revoked"
            } else if now >= bundle.expiresAt {
                "expired"
            } else if bundle.usesLeft == 0 {
                "usedUp"
            } else {
                "open"
            }
        self.init(
            id: bundle.id.description,
            group: bundle.group.description,
            state: state,
            usesAllowed: Int(bundle.usesAllowed),
            usesLeft: Int(bundle.usesLeft),
            createdAt: Timestamp(seconds: bundle.createdAt),
            expiresAt: Timestamp(seconds: bundle.expiresAt)
        )
    }
}
