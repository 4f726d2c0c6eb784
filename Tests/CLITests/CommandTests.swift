import AdminHarness
import AdminModel
import Foundation
import LatchkeyCLI
import Testing

@Suite struct CommandTests {
    @Test func `a first day`() async throws {
        try await withShell { latchkey in
            let group = await latchkey("group", "create", "hall")
            #expect(group.status == .done)
            #expect(group.output == "group hall made\n")
            #expect(group.error.contains("next: latchkey key-spec create"))
            let spec = await latchkey(
                "key-spec",
                "create",
                "data",
                "--group",
                "hall",
                "--algorithm",
                "aes-256",
                "--lease",
                "30d",
                "--rotate-every",
                "90d"
            )
            #expect(spec.status == .done)
            let list = await latchkey("key-spec", "list", "--group", "hall")
            #expect(
                list.lines == [
                    "GROUP  KEY   ALGORITHM  USE   GRACE  LEASE  ROTATES    MAX AGE",
                    "hall   data  aes-256    both  1h     30d    every 90d  -",
                ]
            )
            #expect(await latchkey("audit", "verify").output.hasPrefix("audit log intact: 2 rows"))
        }
    }

    @Test func `a bundle goes into a new file that only its owner can read`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/hall.bundle"
        try await withShell { latchkey in
            _ = await latchkey("group", "create", "hall")
            let made = await latchkey(
                "bundle",
                "create",
                "--group",
                "hall",
                "--uses",
                "5",
                "--output",
                file
            )
            #expect(made.status == .done)
            #expect(!made.output.contains("latchkey-bundle-1:"))
            #expect(!made.error.contains("latchkey-bundle-1:"))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.hasPrefix("latchkey-bundle-1:"))
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o777 } == 0o600)

            let again = await latchkey("bundle", "create", "--group", "hall", "--output", file)
            #expect(again.status == .local)
            #expect(again.error.contains("remove it or name another file"))
            #expect(latchkey.service.now.bundles.count == 1)
        }
    }

    @Test func `a bundle that the server refuses leaves no file`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/attic.bundle"
        try await withShell { latchkey in
            let made = await latchkey("bundle", "create", "--group", "attic", "--output", file)
            #expect(made.status == .notFound)
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func `a list of many parts is whole, as a table and as JSON`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage { state in
                for number in 1_000..<3_500 {
                    state.add("lamp-\(number)", group: "hall", in: "enrolled")
                }
            }
            let table = await latchkey("device", "list", "--group", "hall")
            #expect(table.lines.count == 2_501)
            #expect(Set(table.lines).count == 2_501)
            let json = await latchkey("device", "list", "--json")
            let devices = try json.decoded([Device].self)
            #expect(devices.count == 2_500)
            let none = await latchkey("device", "list", "--group", "attic", "--json")
            #expect(none.output == "[]\n")
        }
    }

    @Test func `a device is shown with both sides' view of its keys`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage { state in
                let key = DeviceKey(
                    name: "data",
                    epoch: 2,
                    state: "active",
                    reported: "primary",
                    algorithm: "aes-256",
                    thumbprint: "00ff",
                    changedAt: noon
                )
                state.add("lamp-1", group: "hall", in: "enrolled", keys: [key])
            }
            let shown = await latchkey("device", "show", "lamp-1")
            #expect(shown.output.contains("state      enrolled"))
            #expect(
                shown.lines.last
                    == "data  2      active     primary    aes-256    2026-03-01T12:00:00Z  00ff"
            )
            let json = await latchkey("device", "show", "lamp-1", "--json")
            let detail = try json.decoded(DeviceDetail.self)
            #expect(detail.keys.count == 1)
        }
    }

    @Test func `waiting for a rotation shows how far it is, and ends`() async throws {
        try await withShell { latchkey in
            latchkey.service.stage { state in
                for number in 1...3 {
                    let key = DeviceKey(
                        name: "data",
                        epoch: 1,
                        state: "active",
                        algorithm: "aes-256",
                        thumbprint: "00"
                    )
                    state.add("lamp-\(number)", group: "hall", in: "enrolled", keys: [key])
                }
            }
            let rotated = await latchkey("key", "rotate", "--group", "hall", "--wait", "30")
            #expect(rotated.status == .done)
            #expect(rotated.error.contains("0/3 settled, 3 waiting"))
            #expect(rotated.lines.last == "3 of 3 keys settled")
            // Three keys need three looks, and there is no time for them.
            let late = await latchkey("key", "rotate", "--group", "hall", "--wait", "1", "--json")
            #expect(late.status == .done || late.status == .notSettled)
        }
    }

    @Test func `an import reports each bad row by its line`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/lamps.csv"
        try await withShell { latchkey in
            try "name,group,public_key\na,b,c\nd\ne,f\n".write(
                toFile: file,
                atomically: false,
                encoding: .utf8
            )
            let bad = await latchkey("device", "import", file)
            #expect(bad.status == .refused)
            #expect(bad.error.contains("\n  line 3: want 3 fields\n  line 4: want 3 fields"))
            try "name,group,public_key\na,b,c\n".write(
                toFile: file,
                atomically: false,
                encoding: .utf8
            )
            #expect(await latchkey("device", "import", file).output == "1 device registered\n")
        }
    }

    @Test func `audit rows are found by their time`() async throws {
        try await withShell { latchkey in
            _ = await latchkey("group", "create", "hall")
            let found = await latchkey("audit", "list", "--since", "2026-03-01T12:00:00Z")
            #expect(found.lines.count == 2)
            let none = await latchkey("audit", "list", "--until", "2026-03-01")
            #expect(none.output.isEmpty && none.error == "no such rows\n")
        }
    }

    @Test func `the status names what matters`() async throws {
        try await withShell { latchkey in
            let text = await latchkey("status").output
            #expect(text.contains("fleet      lamps\n"))
            #expect(text.contains("broker     connected\n"))
            let status = try await latchkey("status", "--json").decoded(ServerStatus.self)
            #expect(status.fleet == "lamps")
        }
    }
}
