import AgentKit
import BrokerHarness
import EDHOC
import Glibc
import KeyExchange
import MQTTLink
import MbedCrypto
import Secrets

/// A real broker with the fake server behind it, and a bundle in a file.
final class Estate: Sendable {
    let folder: TemporaryFolder
    let broker: Broker
    let server: FakeServer
    let bundle: Bundle
    private let connection: MQTTConnection

    var state: String { folder.path + "/state" }
    var bundleFile: String { folder.path + "/lamps.bundle" }

    private static let accounts = [
        Broker.Account("@server", password: "of-the-server"),
        Broker.Account("@enrol", password: "of-those-who-enrol"),
    ]

    /// A proxy that may misbehave, between the devices and a broker without TLS.
    let proxy: MisbehavingProxy?

    init(token: Bool = true, isProxied: Bool = false) async throws {
        folder = try TemporaryFolder()
        broker = try await Broker.start(
            in: folder.path + "/broker",
            transport: isProxied ? .plain : .tls,
            accounts: Self.accounts
        )
        proxy = isProxied ? try MisbehavingProxy(to: broker.port) : nil
        let key = try crypto.generateAgreementKey(.p256)
        let ccs = CCS.encode(
            subject: nil,
            kid: Array(1...8),
            curve: .p256,
            publicKey: key.publicKey
        )
        let credential = try Credential(ccs: ccs, sentByValue: false)
        let token = token ? EnrolmentToken(id: Array(1...8), secret: material(5, count: 32)) : nil
        server = FakeServer(credential: credential, key: key, token: token)
        bundle = Bundle(
            fleet: fleet,
            group: GroupName(checked: "lamps"),
            broker: Bundle.Broker(
                host: isProxied ? "127.0.0.1" : "localhost",
                port: proxy?.port ?? broker.port,
                authority: try broker.authorityFile.map { try Self.read($0) } ?? []
            ),
            enrolPassword: KeyMaterial(Secret(copying: Array("of-those-who-enrol".utf8).rawSpan)),
            server: credential,
            token: token,
            expires: nil
        )
        var configuration = MQTTConfiguration(
            host: isProxied ? "127.0.0.1" : "localhost",
            port: broker.port,
            clientID: "server-of-this-test",
            authorityFile: broker.authorityFile
        )
        configuration.username = "@server"
        configuration.connectTimeout = .seconds(1)
        configuration.backoff = Backoff(minimum: .milliseconds(20), maximum: .milliseconds(100))
        var password = Array("of-the-server".utf8)
        configuration.password = MQTTPassword(Secret(taking: &password))
        connection = try MQTTConnection(configuration)
        try await connection.subscribe(to: ["latchkey/1/+/+/+/up"])
        try connection.start()
        try await connection.waitUntilConnected(within: .seconds(30))
        try write(bundle, to: bundleFile)
        serve()
    }

    func close() async {
        await connection.close()
        proxy?.stop()
        await broker.stop()
    }

    func nudge() throws {
        try connection.send(
            MQTTPublication(topic: "latchkey/1/\(fleet)/device/\(lamp)/nudge", payload: [])
        )
    }

    func write(_ bundle: Bundle, to path: String) throws {
        let text = bundle.encode(crypto: crypto)
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        text.withBytes { text in
            unsafe text.withUnsafeBytes {
                unsafe _ = Glibc.write(file, $0.baseAddress, $0.count)
            }
        }
        _ = Glibc.close(file)
    }

    /// Runs `latchkey-agent COMMAND --state …` to its end.
    func agent(_ words: String...) async -> (code: CInt, text: String) {
        await Program.run(words + ["--state", state], in: folder.path)
    }

    /// Starts `latchkey-agent run`.
    func startAgent() -> Program { Program(["run", "--state", state], in: folder.path) }

    private func serve() {
        let (connection, server, broker) = (connection, server, broker)
        let messages = connection.messages
        Task {
            var known: KeyMaterial?
            for await message in messages {
                guard let answer = await server.handle(message.payload, from: message.topic) else {
                    continue
                }
                if let account = await server.account, account !== known {
                    known = account
                    // The account is there before the device hears that it is enrolled.
                    let password = BrokerPassword.text(account).withBytes {
                        String(decoding: [UInt8](copying: $0), as: UTF8.self)
                    }
                    try? await broker.setAccounts(
                        Self.accounts + [Broker.Account(lamp.description, password: password)]
                    )
                    try? await broker.reload()
                }
                let topic = String(message.topic.dropLast(2)) + "down"
                try? connection.send(MQTTPublication(topic: topic, payload: answer))
            }
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let file = unsafe open(path, O_RDONLY)
        defer { _ = Glibc.close(file) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe Glibc.read(file, $0.baseAddress, $0.count)
        }
        return Array(buffer.prefix(max(0, count)))
    }
}
