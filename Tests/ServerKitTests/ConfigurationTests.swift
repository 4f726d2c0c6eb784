import EDHOC
import Logging
import Testing

@testable import ServerKit

@Suite struct ConfigurationTests {
    private func read(_ text: String) throws(ConfigurationError) -> ServerConfiguration {
        try ServerConfiguration(toml: text, base: "/srv/fleet")
    }

    /// The faults of a text that must have some.
    private func faults(_ text: String) -> [String] {
        do throws(ConfigurationError) {
            _ = try read(text)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `an empty text is every default`() throws {
        let settings = try read("")
        #expect(settings.dataFolder == "/srv/fleet")
        #expect(settings.rootKeyFile == "/srv/fleet-root.key")
        #expect(settings.rootPassphraseFile == nil)
        #expect(settings.brokerHost == nil && settings.brokerPort == nil)
        #expect(settings.brokerPasswordFile == "/srv/fleet/broker-password")
        #expect(settings.brokerAccountsFile == nil && settings.brokerProcessIDFile == nil)
        #expect(settings.adminSocket == "/srv/fleet/admin.sock")
        #expect(settings.adminUIDs.isEmpty && settings.adminGIDs.isEmpty)
        #expect(settings.suites == [3, 2])
        #expect(settings.limits.sessions == 4096)
        #expect(settings.limits.sessionSeconds == 30)
        #expect(settings.logLevel == .info)
    }

    @Test func `every setting is taken`() throws {
        let settings = try read(
            """
            [store]
            data_folder = "/data"
            root_key_file = "/keys/root"
            [broker]
            host = "mqtt.example.org"
            port = 1883
            own_password_file = "/keys/broker"
            accounts_file = "/mosquitto/passwords"
            pid_file = "/run/mosquitto.pid"
            [admin]
            socket = "/run/latchkey.sock"
            uids = [0, 1000]
            gids = [4294967294]
            [protocol]
            suites = [2, 5]
            [limits]
            sessions = 7
            session_seconds = 3600
            starts_per_second = 1
            starts_burst = 1000000
            [log]
            level = "trace"
            """
        )
        #expect(settings.dataFolder == "/data")
        #expect(settings.rootKeyFile == "/keys/root")
        #expect(settings.brokerHost == "mqtt.example.org")
        #expect(settings.brokerPort == 1883)
        #expect(settings.brokerPasswordFile == "/keys/broker")
        #expect(settings.brokerAccountsFile == "/mosquitto/passwords")
        #expect(settings.brokerProcessIDFile == "/run/mosquitto.pid")
        #expect(settings.adminSocket == "/run/latchkey.sock")
        #expect(settings.adminUIDs == [0, 1000])
        #expect(settings.adminGIDs == [4_294_967_294])
        #expect(settings.suites == [2, 5])
        #expect(settings.limits.sessions == 7)
        #expect(settings.limits.sessionSeconds == 3600)
        #expect(settings.limits.startsPerSecond == 1)
        #expect(settings.limits.startsBurst == 1_000_000)
        #expect(settings.logLevel == .trace)
    }

    @Test func `relative paths count from the folder of the file`() throws {
        let settings = try read(
            """
            store.data_folder = "data/"
            store.root_passphrase_file = "../phrase"
            broker.accounts_file = "broker/passwords"
            admin.socket = "a.sock"
            """
        )
        #expect(settings.dataFolder == "/srv/fleet/data/")
        #expect(settings.rootKeyFile == "/srv/fleet/data-root.key")
        #expect(settings.rootPassphraseFile == "/srv/fleet/../phrase")
        #expect(settings.brokerAccountsFile == "/srv/fleet/broker/passwords")
        #expect(settings.brokerPasswordFile == "/srv/fleet/data//broker-password")
        #expect(settings.adminSocket == "/srv/fleet/a.sock")
    }

    @Test(arguments: [
        ("[brokers]\nhost = \"x\"", "[brokers]: unknown section"),
        ("colour = \"red\"", "[colour]: unknown section"),
        ("[broker]\nhots = \"x\"", "broker.hots: unknown setting"),
        ("broker = 3", "broker: want a section, have a value"),
        ("[broker]\nhost = 3", "broker.host: want a string"),
        ("[broker]\nhost = [\"x\"]", "broker.host: want a string"),
        ("[broker]\nhost = \"\"", "broker.host: want a text that is not empty"),
        ("[store]\ndata_folder = \"\"", "store.data_folder: want a text"),
        ("[broker]\nport = \"1883\"", "broker.port: want a whole number"),
        ("[broker]\nport = 1883.5", "broker.port: want a whole number"),
        ("[broker]\nport = true", "broker.port: want a whole number"),
        ("[broker]\nport = 0", "broker.port: want 1 to 65535, have 0"),
        ("[broker]\nport = 65536", "broker.port: want 1 to 65535"),
        ("[broker]\nport = -1", "broker.port: want 1 to 65535"),
        ("[admin]\nuids = 3", "admin.uids: want a list"),
        ("[admin]\nuids = [\"root\"]", "admin.uids: want a list"),
        ("[admin]\nuids = [1, 2.0]", "admin.uids: want a list"),
        ("[admin]\nuids = [-1]", "admin.uids: want numbers from 0"),
        ("[admin]\ngids = [4294967295]", "admin.gids: want numbers from 0"),
        ("[protocol]\nsuites = []", "protocol.suites: want at least one"),
        ("[protocol]\nsuites = [7]", "protocol.suites: suite 7 can't serve; there are 2, 3, 5"),
        ("[protocol]\nsuites = [3, 24]", "protocol.suites: suite 24 can't serve"),
        ("[protocol]\nsuites = [0]", "protocol.suites: suite 0 can't serve"),
        ("[protocol]\nsuites = [300]", "protocol.suites: want numbers from 0 to 255"),
        ("[protocol]\nsuites = [3, 2, 3]", "protocol.suites: a suite is named twice"),
        ("[protocol]\nsuites = 3", "protocol.suites: want a list"),
        ("[limits]\nsessions = 0", "limits.sessions: want 1 to"),
        ("[limits]\nsessions = 1000001", "limits.sessions: want 1 to"),
        ("[limits]\nsession_seconds = 1", "limits.session_seconds: want 2 to 3600"),
        ("[limits]\nstarts_per_second = 0", "limits.starts_per_second: want 1 to"),
        ("[limits]\nstarts_burst = -5", "limits.starts_burst: want 1 to"),
        ("[log]\nlevel = \"loud\"", "log.level: want one of trace"),
        ("[log]\nlevel = 3", "log.level: want a string"),
        ("[broker", "not TOML"),
        ("[broker]\nport = 1\nport = 2", "not TOML"),
        ("host", "not TOML"),
        (
            "[store]\nroot_key_file = \"a\"\nroot_passphrase_file = \"b\"",
            "store: want root_key_file or root_passphrase_file"
        ),
    ])
    func `what is wrong is said`(text: String, fault: String) {
        let faults = faults(text)
        #expect(faults.count == 1)
        #expect(faults.first?.contains(fault) == true, "\(faults)")
    }

    @Test func `every fault is said at once`() {
        let faults = faults(
            """
            [broker]
            port = 0
            hots = "x"
            [limits]
            sessions = "many"
            [log]
            level = "loud"
            [extra]
            """
        )
        #expect(faults.count == 5)
    }

    @Test func `a socket's path may have 107 bytes and no more`() throws {
        let longest = "/" + String(repeating: "s", count: 106)
        #expect(try read("admin.socket = \"\(longest)\"").adminSocket == longest)
        #expect(faults("admin.socket = \"\(longest)s\"").first?.contains("107") == true)
    }
}
