internal import AdminAPI
internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension RegistryAdmin {
    func policy() async throws(AdminProblem) -> AdminModel.Policy {
        try await mapping { () throws(RegistryError) in .init(try registry.policy()) }
    }

    func setPolicy(
        _ change: PolicyChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AdminModel.Policy {
        try await mapping { () throws(RegistryError) in
            .init(
                try await registry.setPolicy(
                    change.name,
                    to: change.value,
                    actor: actor.description,
                    now: now
                )
            )
        }
    }

    func anchors() async throws(AdminProblem) -> AnchorStatus {
        try await mapping { () throws(RegistryError) in
            let overview = try await registry.anchorOverview(now: now)
            return AnchorStatus(
                anchors: overview.entries.map(AnchorRecord.init),
                devices: overview.devices,
                requiredPercent: Double(overview.requiredPercent),
                openBundles: overview.openBundles
            )
        }
    }

    func announceAnchor(by actor: AdminActor) async throws(AdminProblem) -> AnchorRecord {
        try await mapping { () throws(RegistryError) in
            AnchorRecord(
                try await registry.announceAnchor(actor: actor.description, now: now)
            )
        }
    }

    func switchAnchor(
        _ request: AnchorSwitch,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AnchorRecord {
        try await mapping { () throws(RegistryError) in
            AnchorRecord(
                try await registry.switchAnchor(
                    stranding: request.stranding,
                    actor: actor.description,
                    now: now
                )
            )
        }
    }

    func listStragglers(_ page: PageRequest) async throws(AdminProblem) -> Page<Straggler> {
        let after: DeviceID? = try parsed(page.after, "after")
        return try await mapping { () throws(RegistryError) in
            let found = try await registry.stragglers(after: after, limit: page.limit)
            return Page(
                items: found.map { device in
                    Straggler(
                        device: device.id.description,
                        group: device.group.description,
                        anchor: device.pinned,
                        lastSeenAt: device.lastSeen.map { Timestamp(seconds: $0) }
                    )
                },
                next: found.count == page.limit ? found.last?.id.description : nil
            )
        }
    }
}

extension AnchorRecord {
    fileprivate init(_ entry: AnchorEntry) {
        self.init(
            generation: entry.generation,
            state: entry.state.description,
            thumbprint: hexadecimal(entry.kid),
            createdAt: Timestamp(seconds: entry.createdAt),
            devices: entry.covered
        )
    }
}

extension AdminModel.Policy {
    fileprivate init(_ policy: Fleet.Policy) {
        let standard = Fleet.Policy()
        self.init(
            settings: PolicyName.allCases.map { name in
                PolicySetting(
                    name: name.description,
                    value: policy[name],
                    standard: standard[name],
                    choices: name.choices,
                    about: name.about
                )
            }
        )
    }
}

extension PolicyName {
    fileprivate var choices: String {
        switch self {
        case .cloneResponse: "report, quarantine"
        case .secondApproval: "on, off"
        case .anchorCoverage: "0 to 100"
        case .orderLifeDays: "0, 2 to 3650"
        }
    }

    fileprivate var about: String {
        switch self {
        case .cloneResponse: "what becomes of a device that is seen in two places"
        case .secondApproval: "whether a campaign waits for a second person"
        case .anchorCoverage: "percent of the devices that must have followed before a switch"
        case .orderLifeDays: "days for which a copy of an order is good; 0 for no end"
        }
    }
}
