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

    func keys(of selection: KeySelection) -> [(String, Int)] {
        devices.values.sorted { $0.device.id < $1.device.id }.flatMap { detail in
            detail.keys.indices.compactMap { index in
                let isMeant =
                    (selection.device == nil || selection.device == detail.device.id)
                    && (selection.group == nil || selection.group == detail.device.group)
                    && (selection.key == nil || selection.key == detail.keys[index].name)
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
