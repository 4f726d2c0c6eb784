import Glibc
import KeyExchange
import KeyStore
import Secrets
import Testing

@Suite struct DamageTests {
    let scratch = Scratch()

    private func expectRefusal(
        _ code: StoreError.Code,
        naming name: String,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(sourceLocation: location) {
            try open(scratch)
        } throws: { error in
            guard let error = error as? StoreError else { return false }
            return error.code == code && error.detail.contains(name)
        }
    }

    @Test(arguments: ["device", "keys", "kek"])
    func `every truncation of a file is named`(name: String) throws {
        _ = try enrolledLamp(scratch)
        let whole = scratch.read(name)
        let step = name == "device" ? 7 : 1
        for count in stride(from: 0, to: whole.count, by: step) {
            scratch.write(name, Array(whole.prefix(count)))
            expectRefusal(name == "kek" ? .noKey : .corrupt, naming: name)
        }
        scratch.write(name, whole)
        #expect(try lines(open(scratch).keys) == ["payload 1 primary"])
    }

    @Test(arguments: ["device", "keys"])
    func `every flipped bit of a record is found`(name: String) throws {
        _ = try enrolledLamp(scratch)
        let whole = scratch.read(name)
        for index in stride(from: 0, to: whole.count, by: 3) {
            var changed = whole
            changed[index] ^= 1 << UInt8(index % 8)
            scratch.write(name, changed)
            #expect(throws: StoreError.self) { try open(scratch) }
        }
    }

    @Test(arguments: ["device", "keys"])
    func `a missing record is not an empty one`(name: String) throws {
        _ = try enrolledLamp(scratch)
        unsafe unlink("\(scratch.path)/\(name)")
        expectRefusal(.corrupt, naming: name)
    }

    @Test func `a missing key is said, and no new one is made`() throws {
        _ = try enrolledLamp(scratch)
        unsafe unlink("\(scratch.path)/kek")
        expectRefusal(.noKey, naming: "kek")
        #expect(!scratch.files.contains("kek"))
    }

    @Test func `another key does not open the records`() throws {
        _ = try enrolledLamp(scratch)
        scratch.write("kek", [UInt8](repeating: 1, count: 32))
        expectRefusal(.corrupt, naming: "device")
    }

    @Test func `records can't be exchanged`() throws {
        _ = try enrolledLamp(scratch)
        let (device, keys) = (scratch.read("device"), scratch.read("keys"))
        scratch.write("device", keys)
        expectRefusal(.corrupt, naming: "device")
        scratch.write("device", device)
        // The head renamed, too: the name is authenticated.
        var renamed: [UInt8] = [0x02, 0x64] + Array("keys".utf8)
        renamed += device.dropFirst(8)
        scratch.write("keys", renamed)
        expectRefusal(.corrupt, naming: "keys")
    }

    @Test func `a newer format is named as such`() throws {
        _ = try enrolledLamp(scratch)
        var newer = scratch.read("keys")
        newer[0] = 3
        scratch.write("keys", newer)
        expectRefusal(.newerFormat, naming: "keys")
    }

    @Test func `a huge file is not read`() throws {
        _ = try enrolledLamp(scratch)
        unsafe truncate("\(scratch.path)/keys", 1 << 30)
        expectRefusal(.corrupt, naming: "keys")
    }

    @Test(arguments: ["device", "keys", "kek"])
    func `a file that others can read is refused`(name: String) throws {
        _ = try enrolledLamp(scratch)
        unsafe chmod("\(scratch.path)/\(name)", 0o640)
        expectRefusal(.tooOpen, naming: "chmod 0600")
    }

    @Test func `a folder that others can enter is refused`() throws {
        _ = try enrolledLamp(scratch)
        unsafe chmod(scratch.path, 0o750)
        expectRefusal(.tooOpen, naming: "chmod 0700")
        unsafe chmod(scratch.path, 0o700)
    }

    @Test func `a link instead of a file is refused`() throws {
        _ = try enrolledLamp(scratch)
        unsafe rename("\(scratch.path)/keys", "\(scratch.path)/elsewhere")
        unsafe symlink("elsewhere", "\(scratch.path)/keys")
        #expect(throws: StoreError.self) { try open(scratch) }
    }

    @Test func `a folder that does not exist is named by a look`() {
        #expect(throws: StoreError(.empty, "")) {
            try StoreView("/nonexistent/latchkey", crypto: crypto)
        }
    }
}

@Suite struct CredentialTests {
    let scratch = Scratch()
    let credentials = Scratch()

    @Test func `a credential seals the records and raises the level`() throws {
        credentials.write("latchkey-kek", [UInt8](repeating: 8, count: 48))
        let store = try open(scratch, credentials: credentials.path)
        _ = try store.begin(with: bundle(), name: lamp)
        #expect(store.level == .credential && !scratch.files.contains("kek"))
    }

    @Test func `records under a credential do not open without it`() throws {
        credentials.write("latchkey-kek", [UInt8](repeating: 8, count: 48))
        do {
            let store = try open(scratch, credentials: credentials.path)
            _ = try store.begin(with: bundle(), name: lamp)
        }
        #expect(throws: StoreError(.noKey, "")) { try open(scratch) }
        #expect(throws: StoreError(.noKey, "")) { try open(scratch, credentials: "/nonexistent") }
        #expect(try open(scratch, credentials: credentials.path).device?.name == lamp)
    }

    @Test func `records under a file go on under the file when a credential appears`() throws {
        _ = try enrolledLamp(scratch)
        credentials.write("latchkey-kek", [UInt8](repeating: 8, count: 48))
        let store = try open(scratch, credentials: credentials.path)
        #expect(store.level == .software && store.device?.name == lamp)
    }

    @Test(arguments: [0, 16, 31, 2000])
    func `a credential of a wrong length is refused`(count: Int) throws {
        credentials.write("latchkey-kek", [UInt8](repeating: 8, count: count))
        #expect(throws: StoreError.self) { try open(scratch, credentials: credentials.path) }
    }

    @Test func `a credential that anybody can read is refused`() throws {
        credentials.write("latchkey-kek", [UInt8](repeating: 8, count: 32), mode: 0o644)
        #expect(throws: StoreError(.tooOpen, "")) {
            try open(scratch, credentials: credentials.path)
        }
    }
}
