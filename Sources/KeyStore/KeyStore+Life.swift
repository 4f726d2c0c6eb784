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
                retirement: nil
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
