internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension AdminModel.Group {
    init(_ group: Fleet.Group) {
        self.init(
            name: group.name.description,
            createdAt: Timestamp(seconds: group.createdAt)
        )
    }
}

extension Fleet.KeySpec {
    /// Checks what an admin asks for.
    init(_ request: KeySpecCreation) throws(AdminProblem) {
        let algorithm = try choice(
            request.algorithm,
            "algorithm",
            { KeyAlgorithm(parsing: $0) }
        )
        let use = try choice(
            request.use ?? KeySpecCreation.defaultUse,
            "use",
            { KeyUse(parsing: $0) }
        )
        let names: (GroupName, KeyName)
        do throws(NameError) {
            names = (try GroupName(parsing: request.group), try KeyName(parsing: request.name))
        } catch {
            throw AdminProblem(.invalid, error.description)
        }
        do throws(FleetError) {
            try self.init(
                group: names.0,
                name: names.1,
                algorithm: algorithm,
                use: use,
                rotationSeconds: request.rotateEverySeconds,
                graceSeconds: request.graceSeconds ?? KeySpecCreation.defaultGraceSeconds,
                leaseSeconds: request.leaseSeconds ?? KeySpecCreation.defaultLeaseSeconds,
                maximumAgeSeconds: request.maximumAgeSeconds
            )
        } catch {
            throw AdminProblem(.invalid, error.description)
        }
    }
}

extension AdminModel.KeySpec {
    init(_ spec: Fleet.KeySpec, createdAt: Int64? = nil) {
        self.init(
            name: spec.name.description,
            group: spec.group.description,
            algorithm: spec.algorithm.description,
            use: spec.use.description,
            graceSeconds: spec.graceSeconds,
            leaseSeconds: spec.leaseSeconds,
            rotateEverySeconds: spec.rotationSeconds,
            maximumAgeSeconds: spec.maximumAgeSeconds,
            createdAt: createdAt.map { Timestamp(seconds: $0) },
            retiredAt: spec.retiredAt.map { Timestamp(seconds: $0) }
        )
    }
}

extension AdminModel.Device {
    init(_ device: Fleet.Device) {
        self.init(
            id: device.id.description,
            group: device.group.description,
            state: device.state.description,
            store: device.store.map(\.word),
            level: device.level.map(\.word),
            agentVersion: device.agentVersion,
            lastSeenAt: device.lastSeen.map { Timestamp(seconds: $0) }
        )
    }
}

extension DeviceDetail {
    /// The server's view and the device's last report, side by side.
    init(_ details: DeviceDetails, specs: [Fleet.KeySpec], now: Int64) {
        let device = AdminModel.Device(details.device)
        let algorithms = Dictionary(
            specs.map { ($0.name, $0.algorithm.description) },
            uniquingKeysWith: { first, _ in first }
        )
        var reports: [KeyGeneration: Report.HeldEpoch] = [:]
        for key in details.reported {
            for held in key.epochs {
                reports[KeyGeneration(name: key.name, epoch: held.epoch)] = held
            }
        }
        var keys = details.keys.map { key in
            let held = reports.removeValue(forKey: KeyGeneration(name: key.name, epoch: key.epoch))
            // Other bytes under the same number are what an admin must see first.
            let isSame = held.map { $0.check == key.thumbprint.check } ?? true
            return DeviceKey(
                name: key.name.description,
                epoch: key.epoch.number,
                state: key.state.description,
                reported: isSame ? held?.state.word : "differs",
                algorithm: algorithms[key.name] ?? "unknown",
                thumbprint: key.thumbprint.description,
                changedAt: Timestamp(seconds: key.changedAt),
                reportedAt: held == nil ? nil : device.lastSeenAt,
                createdAt: Timestamp(seconds: key.createdAt),
                graceUntil: key.graceUntil.map { Timestamp(seconds: $0) },
                dueAt: key.rotateAt.map { Timestamp(seconds: $0) },
                failure: key.failure?.description,
                isOverAge: key.isOverAge(specs, at: now) ? true : nil
            )
        }
        keys += reports.map { generation, held in
            DeviceKey(
                name: generation.name.description,
                epoch: generation.epoch.number,
                state: "unknown",
                reported: held.state.word,
                algorithm: algorithms[generation.name] ?? "unknown",
                thumbprint: hexadecimal(held.check),
                reportedAt: device.lastSeenAt
            )
        }
        self.init(
            device: device,
            keys: keys.sorted { ($0.name, $0.epoch) < ($1.name, $1.epoch) },
            notices: details.notices.isEmpty ? nil : details.notices.map { .init($0) },
            contactSeconds: details.device.contactInterval.map { UInt32(clamping: $0) },
            anchor: details.anchor,
            retiredKeys: details.retiredKeys.isEmpty
                ? nil : details.retiredKeys.map(\.description),
            damage: details.damage.isEmpty ? nil : details.damage
        )
    }
}

extension KeyRecord {
    /// Whether it is in use, and older than its key spec allows.
    fileprivate func isOverAge(_ specs: [Fleet.KeySpec], at now: Int64) -> Bool {
        guard state == .active, let spec = specs.first(where: { $0.name == name }) else {
            return false
        }
        return spec.expiry(createdAt: createdAt).map { $0 <= now } ?? false
    }
}

private struct KeyGeneration: Hashable {
    let name: KeyName
    let epoch: Epoch
}

extension Report.StoreKind {
    fileprivate var word: String {
        switch self {
        case .file: "file"
        case .tpm: "tpm"
        }
    }
}

extension Report.SecurityLevel {
    fileprivate var word: String {
        switch self {
        case .software: "software"
        case .credential: "credential"
        case .hardware: "hardware"
        }
    }
}

extension Report.EpochState {
    fileprivate var word: String {
        switch self {
        case .pending: "pending"
        case .primary: "primary"
        case .grace: "grace"
        case .suspended: "suspended"
        case .gone: "gone"
        }
    }
}
