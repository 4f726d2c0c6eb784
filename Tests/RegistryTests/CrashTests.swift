import Fleet
import Foundation
import Glibc
import KeyExchange
import MbedCrypto
import Testing

@testable import Registry

@Suite(.serialized) struct CrashTests {
    @Test(arguments: [3, 20, 60, 150])
    func `a server killed between any two instructions leaves a whole database`(
        milliseconds: Int
    ) async throws {
        let home = try Home()
        do {
            let registry = try await home.lights()
            await registry.close()
        }
        let (data, keyFile) = (home.data, home.keyFile)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [
                data = data as String, keyFile = keyFile as String,
                milliseconds = milliseconds as Int
            ] in
            try await enrolUntilKilled(data: data, keyFile: keyFile, after: milliseconds)
        }
        let registry = try home.open()
        #expect(try await registry.auditVerify().fault == nil)
        #expect(
            try home.number(
                "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"
            ) == 1
        )
        let devices = try home.number("SELECT COUNT(*) FROM device")
        #expect(try await registry.status(now: 1).devices[.enrolled] ?? 0 == devices)
        let used = try await registry.listBundles().map { Int($0.usesAllowed - $0.usesLeft) }
        #expect(used.reduce(0, +) == devices)
        #expect(try home.number("SELECT COUNT(*) FROM device_key") == devices)
        // What a device was told is there.
        let told = try String(contentsOfFile: home.folder + "/told", encoding: .utf8)
        for line in told.split(separator: "\n") {
            let device = try await registry.device(DeviceID(parsing: line))
            #expect(device.keys.map(\.state) == [.active])
        }
    }

    @Test func `a folder that cannot be written is refused by name`() async throws {
        let home = try Home()
        do {
            let registry = try await home.lights()
            await registry.close()
        }
        let (folder, data, keyFile) = (home.folder, home.data, home.keyFile)
        await #expect(processExitsWith: .success) {
            [
                folder = folder as String, data = data as String, keyFile = keyFile as String
            ] in
            for path in [folder, data, data + "/latchkey.db", data + "/lock"] {
                guard unsafe chmod(path, 0o555) == 0 else { exit(2) }
            }
            // Nothing is read-only to root.
            if getuid() == 0 { guard setuid(65_534) == 0 else { exit(3) } }
            let crypto = MbedCrypto()
            do {
                _ = try Registry.open(folder: data, rootKey: .file(keyFile), crypto: crypto)
                exit(4)
            } catch {
                guard (error as? RegistryError)?.code == .readOnly else { exit(5) }
            }
            do {
                _ = try Registry.create(
                    folder: folder + "/other",
                    fleet: FleetID(parsing: "house"),
                    broker: BrokerSettings(host: "", port: 1, authority: []),
                    rootKey: .file(keyFile),
                    crypto: crypto,
                    actor: "a",
                    now: 1
                )
                exit(6)
            } catch {
                guard (error as? RegistryError)?.code == .readOnly else { exit(7) }
            }
            exit(0)
        }
        for path in [folder, data] { _ = unsafe chmod(path, 0o755) }
    }

    @Test func `a database that cannot be written is refused by name`() async throws {
        let home = try Home()
        do {
            let registry = try await home.lights()
            await registry.close()
        }
        let (folder, data, keyFile) = (home.folder, home.data, home.keyFile)
        await #expect(processExitsWith: .success) {
            [
                folder = folder as String, data = data as String, keyFile = keyFile as String
            ] in
            if getuid() == 0 {
                for path in [folder, data, data + "/lock", keyFile] {
                    guard unsafe chown(path, 65_534, 65_534) == 0 else { exit(2) }
                }
                guard unsafe chmod(data + "/latchkey.db", 0o444) == 0, setuid(65_534) == 0
                else { exit(3) }
            } else {
                guard unsafe chmod(data + "/latchkey.db", 0o444) == 0 else { exit(3) }
            }
            do {
                let registry = try Registry.open(
                    folder: data,
                    rootKey: .file(keyFile),
                    crypto: MbedCrypto()
                )
                _ = try await registry.createGroup(
                    GroupName(parsing: "doors"),
                    actor: "a",
                    now: 1
                )
                exit(4)
            } catch {
                guard (error as? RegistryError)?.code == .readOnly else { exit(5) }
            }
            exit(0)
        }
    }
}

/// Enrols devices from eight sides, writes down which were told, and dies in the middle.
private func enrolUntilKilled(data: String, keyFile: String, after milliseconds: Int) async throws {
    let registry = try Registry.open(
        folder: data,
        rootKey: .file(keyFile),
        crypto: MbedCrypto()
    )
    let bundle = try await registry.bundle(uses: 1_000_000)
    let path = String(keyFile.dropLast("root.key".count)) + "told"
    let log = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard log >= 0 else { exit(9) }
    let killer = Thread {
        usleep(UInt32(milliseconds) * 1000)
        kill(getpid(), SIGKILL)
    }
    killer.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for lane in 0..<8 {
            group.addTask {
                for number in 0..<100_000 {
                    var lamp = try FakeDevice("lamp-\(lane)-\(number)")
                    _ = try await lamp.enrol(with: bundle, at: registry)
                    let line = Array("\(lamp.id)\n".utf8)
                    _ = unsafe line.withUnsafeBytes { buffer in
                        unsafe write(log, buffer.baseAddress, buffer.count)
                    }
                }
            }
        }
        try await group.waitForAll()
    }
}
