package import AdminAPI
package import AdminModel

/// All that a fake server knows.
package struct FakeFleet: Sendable {
    package var groups: [String: Group] = [:]
    package var specs: [KeySpec] = []
    package var bundles: [BundleRecord] = []
    package var devices: [String: DeviceDetail] = [:]
    package var audit: [AuditEntry] = []
    /// What checking the log finds; nil for an intact one.
    package var verdict: AuditVerdict?
    package var failure: AdminProblem?
    package var metrics: [Metric] = []
    package var notices: [Notice] = []
    package var policy = [
        PolicySetting(
            name: "cloneResponse",
            value: "quarantine",
            standard: "quarantine",
            choices: "report or quarantine",
            about: "what happens to a device of which two seem to live"
        ),
        PolicySetting(
            name: "anchorCoverage",
            value: "100",
            standard: "100",
            choices: "1 to 100 percent",
            about: "how much of the fleet must trust a new anchor before the switch"
        ),
    ]
    package var campaigns: [String: FakeCampaign] = [:]
    package var anchors = [AnchorRecord(generation: 1, state: "current", createdAt: noon)]
}

/// The moment at which everything in the fake happens.
package let noon = Timestamp(seconds: 1_772_366_400)

extension FakeFleet {
    /// Puts a device there.
    package mutating func add(_ id: String, group: String, in state: String, keys: [DeviceKey] = [])
    {
        devices[id] = DeviceDetail(device: Device(id: id, group: group, state: state), keys: keys)
    }

    /// Writes an audit row.
    package mutating func record(_ kind: String, _ actor: AdminActor, device: String? = nil) {
        audit.append(
            AuditEntry(
                sequence: Int64(audit.count + 1),
                at: noon,
                kind: kind,
                actor: actor.description,
                device: device
            )
        )
    }

    /// The devices that are meant, by name.
    func devices(
        _ device: String?,
        _ group: String?,
        _ query: String?
    ) throws(AdminProblem) -> [DeviceDetail] {
        guard [device, group, query].count(where: { $0 != nil }) == 1 else {
            throw AdminProblem(.invalid, "want one of device, group and where")
        }
        if let device, devices[device] == nil {
            throw AdminProblem(.notFound, "there is no device \(device)")
        }
        if let group, groups[group] == nil,
            !devices.values.contains(where: { $0.device.group == group })
        {
            throw AdminProblem(.notFound, "there is no group \(group)")
        }
        let query = try query.map { text throws(AdminProblem) in try FakeQuery(text) }
        return devices.values
            .filter { device == nil || device == $0.device.id }
            .filter { group == nil || group == $0.device.group }
            .filter { query?.matches($0) ?? true }
            .sorted { $0.device.id < $1.device.id }
    }

    func keys(of selection: KeySelection) throws(AdminProblem) -> [(String, Int)] {
        try devices(selection.device, selection.group, selection.query).flatMap { detail in
            detail.keys.indices.compactMap { index in
                let isMeant = selection.key == nil || selection.key == detail.keys[index].name
                return isMeant ? (detail.device.id, index) : nil
            }
        }
    }
}

func check(_ name: String) throws(AdminProblem) {
    guard !name.isEmpty, name.allSatisfy({ $0.isLowercase || $0.isNumber || $0 == "-" }) else {
        throw AdminProblem(.invalid, "bad name \"\(name)\"")
    }
}

func cut<Item: Codable & Sendable>(
    _ items: [Item],
    _ page: PageRequest,
    by key: (Item) -> String
) -> Page<Item> {
    let rest = items.filter { key($0) > (page.after ?? "") }
    let part = Array(rest.prefix(page.limit))
    return Page(items: part, next: part.count < rest.count ? part.last.map(key) : nil)
}
