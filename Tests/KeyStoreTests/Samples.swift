import EDHOC
import Glibc
import KeyExchange
import KeyStore
import MbedCrypto
import Secrets
import Testing

let crypto = MbedCrypto()

/// A folder that is removed when the test ends.
final class Scratch: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/latchkey-store-XXXXXX".utf8CString)
        unsafe template.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { unsafe _ = mkdtemp(start) }
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    var files: [String] { Self.list(path).sorted() }

    func read(_ name: String) -> [UInt8] {
        let file = unsafe open("\(path)/\(name)", O_RDONLY)
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe Glibc.read(file, $0.baseAddress, $0.count)
        }
        return Array(buffer.prefix(max(0, count)))
    }

    func write(_ name: String, _ content: [UInt8], mode: mode_t = 0o600) {
        let file = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        fchmod(file, mode)
        unsafe content.withUnsafeBytes { unsafe _ = Glibc.write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    func allow(_ mode: mode_t) { unsafe _ = chmod(path, mode) }

    func modified(_ name: String) -> [Int] {
        var status = stat()
        unsafe stat("\(path)/\(name)", &status)
        return [Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }

    private static func list(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func remove(_ path: String) {
        for name in list(path) { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}

func secret(_ byte: UInt8, count: Int) -> KeyMaterial {
    KeyMaterial(Secret(copying: [UInt8](repeating: byte, count: count).rawSpan))
}

func isSame(_ left: KeyMaterial?, _ right: KeyMaterial?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.secret.isEqual(to: right.secret)
}

let fleet = FleetID(checked: "meadow")
let lamp = DeviceID(checked: "lamp-1")
let payload = KeyName(checked: "payload")
let signing = KeyName(checked: "signing")

func epoch(_ number: UInt32) -> Epoch {
    guard let epoch = Epoch(number) else { preconditionFailure("epochs begin with 1") }
    return epoch
}

/// A retirement's name, the same for the same number.
func operation(_ number: UInt8) -> OperationID {
    guard let name = OperationID(bytes: [UInt8](repeating: number, count: OperationID.length))
    else { preconditionFailure("the length is right") }
    return name
}

func bundle(
    fleet: FleetID = fleet,
    token: Bool = true,
    host: String = "broker.example"
) throws -> Bundle {
    let ccs = CCS.encode(
        subject: nil,
        kid: Array(1...8),
        curve: .p256,
        publicKey: try crypto.agreementKey(
            .p256,
            privateKey: Secret(copying: [UInt8](repeating: 7, count: 32).rawSpan)
        ).publicKey
    )
    return Bundle(
        fleet: fleet,
        group: GroupName(checked: "lamps"),
        broker: Bundle.Broker(
            host: host,
            port: 8883,
            authority: Array("-----BEGIN CERTIFICATE-----\n".utf8)
        ),
        enrolPassword: secret(9, count: 24),
        server: try Credential(ccs: ccs, sentByValue: false),
        token: token
            ? EnrolmentToken(id: [1, 2, 3, 4, 5, 6, 7, 8], secret: secret(5, count: 32)) : nil,
        expires: 2_000_000_000
    )
}

func offer(
    _ name: KeyName,
    _ number: UInt32,
    _ byte: UInt8,
    grace: UInt32 = 60,
    lease: UInt32 = 0,
    algorithm: KeyAlgorithm = .aes256GCM
) -> OfferedKey {
    OfferedKey(
        name: name,
        epoch: epoch(number),
        algorithm: algorithm,
        use: .both,
        graceSeconds: grace,
        leaseSeconds: lease,
        material: secret(byte, count: algorithm.keyLength)
    )
}

func activate(_ name: KeyName, _ number: UInt32, grace: UInt32 = 60) -> Verdict {
    Verdict(name: name, action: .activate(epoch(number), graceSeconds: grace))
}

func open(
    _ scratch: Scratch,
    credentials: String? = nil,
    faults: @escaping Faults = { _ in nil }
) throws -> KeyStore {
    try KeyStore(scratch.path, crypto: crypto, credentials: credentials, faults: faults)
}

/// An enrolled lamp with `payload` epoch 1 in use.
func enrolledLamp(_ scratch: Scratch) throws -> KeyStore {
    let store = try open(scratch)
    _ = try store.begin(with: bundle(), name: lamp)
    try store.enrolled(account: secret(3, count: 24))
    #expect(store.install([offer(payload, 1, 1)]).results.map(\.failure) == [nil])
    _ = try store.apply([activate(payload, 1)])
    return store
}

/// `payload 1 primary`, one line for each generation.
func lines(_ keys: [StoredKey]) -> [String] {
    keys.flatMap { key in key.epochs.map { "\(key.name) \($0.epoch) \($0.state)" } }
}
