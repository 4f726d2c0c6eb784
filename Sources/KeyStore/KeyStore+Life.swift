internal import EDHOC
public import KeyExchange
internal import Secrets

/// What became of a bundle that was given to the device.
public enum Beginning: Hashable, Sendable {
    /// The device may now ask to be let in.
    case ready
    /// It is enrolled already, and the bundle changes nothing.
    case alreadyEnrolled
}

extension KeyStore {
    /// Takes a bundle: makes the identity, or keeps the one of an earlier try, before anything is sent.
    ///
    /// A repeat with the same name is the same device to the server. Another name or fleet, while the
    /// device is not enrolled, is a new identity.
    public func begin(with bundle: Bundle, name: DeviceID) throws(StoreError) -> Beginning {
        try change { contents, crypto throws(StoreError) in
            if let device = contents.device {
                switch device.life {
                case .enrolled:
                    try Self.check(device, bundle, name)
                    return .alreadyEnrolled
                case .retiring, .retired:
                    throw StoreError(
                        .refused,
                        "this device is retired: run latchkey-agent wipe --yes, then enrol it under a new name"
                    )
                case .enrolling where device.fleet == bundle.fleet && device.name == name:
                    var renewed = device
                    renewed.group = bundle.group
                    renewed.broker = bundle.broker
                    renewed.anchors = [PinnedAnchor(of: bundle)]
                    renewed.enrolPassword = bundle.enrolPassword
                    renewed.token = bundle.token
                    guard !renewed.isEqual(to: device) else { return .ready }
                    try write(renewed, &contents)
                    return .ready
                case .enrolling: break
                }
            }
            // The keys first: a device without its keys' record would be a damaged store.
            try write(KeyRing(), &contents)
            try write(Self.newDevice(bundle, name, crypto), &contents)
            return .ready
        }
    }

    /// The server has let the device in: remembers the account, forgets the token.
    public func enrolled(account: KeyMaterial) throws(StoreError) {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device, device.life <= .enrolled else { return }
            if device.life == .enrolled, let known = device.account,
                known.secret.isEqual(to: account.secret)
            {
                return
            }
            device.life = .enrolled
            device.account = account
            device.token = nil
            try write(device, &contents)
        }
    }

    /// Obeys a retirement: first remembers it, then destroys; what was destroyed, the same on a repeat.
    ///
    /// An order with a lower counter than one obeyed already is refused.
    public func retire(
        counter: UInt64,
        scope: RetireScope
    ) throws(StoreError) -> [DestroyedKey] {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device else {
                throw StoreError(.empty, "no device is set up in \(path)")
            }
            guard counter >= device.order else {
                throw StoreError(
                    .refused,
                    "the retirement \(counter) is older than \(device.order), which was obeyed already"
                )
            }
            if counter > device.order {
                device.order = counter
                device.receipt = Array(contents.ring.held(in: scope).prefix(Receipt.limit))
                if scope == .device { device.life = .retiring }
                try write(device, &contents)
            }
            try destroy(contents.ring.held(in: scope), &contents)
            return device.receipt
        }
    }

    /// The server has the receipt of the device's end: the identity dies last.
    ///
    /// Does nothing to a device that is not retiring.
    public func finishRetirement() throws(StoreError) {
        try change { contents, _ throws(StoreError) in
            guard var device = contents.device, device.life == .retiring else { return }
            device.life = .retired
            device.privateKey = nil
            device.account = nil
            device.token = nil
            device.enrolPassword = nil
            try write(device, &contents)
        }
    }

    /// Destroys what a crash, or a disk that took nothing, has left between remembering a retirement and
    /// destroying; writes only if there is something.
    public func finishInterruptedRetirement() throws(StoreError) {
        try change { contents, _ throws(StoreError) in
            guard let device = contents.device else { return }
            let doomed =
                device.life >= .retiring ? contents.ring.held(in: .device) : device.receipt
            try destroy(doomed, &contents)
        }
    }

    /// Destroys these generations; writes only if one is held.
    private func destroy(
        _ doomed: [DestroyedKey],
        _ contents: inout Contents
    ) throws(StoreError) {
        var ring = contents.ring
        guard ring.destroy(doomed) else { return }
        try write(ring, &contents)
    }

    private static func check(
        _ device: DeviceRecord,
        _ bundle: Bundle,
        _ name: DeviceID
    ) throws(StoreError) {
        guard device.fleet == bundle.fleet else {
            throw StoreError(
                .refused,
                "this device belongs to fleet \(device.fleet), the bundle is for \(bundle.fleet): "
                    + "have it retired first, or wipe it"
            )
        }
        guard device.name == name else {
            throw StoreError(
                .refused,
                "this device is enrolled as \(device.name) already, not as \(name)"
            )
        }
    }

    private static func newDevice(
        _ bundle: Bundle,
        _ name: DeviceID,
        _ crypto: any Crypto
    ) throws(StoreError) -> DeviceRecord {
        do throws(CryptoError) {
            let key = try crypto.generateAgreementKey(.p256)
            let kid = try crypto.randomBytes(Profile.kidLength)
            let credential = CCS.encode(
                subject: name.description,
                kid: kid,
                curve: .p256,
                publicKey: key.publicKey
            )
            return DeviceRecord(
                life: .enrolling,
                fleet: bundle.fleet,
                group: bundle.group,
                name: name,
                credential: credential,
                privateKey: KeyMaterial(key.export()),
                anchors: [PinnedAnchor(of: bundle)],
                broker: bundle.broker,
                enrolPassword: bundle.enrolPassword,
                token: bundle.token,
                account: nil,
                order: 0,
                receipt: []
            )
        } catch {
            throw StoreError(.system, "cannot make an identity key: \(error)")
        }
    }
}

extension PinnedAnchor {
    /// What a bundle says to trust.
    fileprivate init(of bundle: Bundle) {
        self.init(
            generation: bundle.anchor,
            server: bundle.server.encoded,
            commandKey: bundle.commandKey
        )
    }
}

extension DeviceRecord {
    /// Whether both would be the same on the disk.
    fileprivate func isEqual(to other: DeviceRecord) -> Bool {
        encode().isEqual(to: other.encode())
    }
}

extension DeviceRecord.Life: Comparable {
    /// Orders by time.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
