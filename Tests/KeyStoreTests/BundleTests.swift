import EDHOC
import KeyExchange
import Secrets
import Testing

private func text(_ bundle: Bundle) -> [UInt8] {
    bundle.encode(crypto: crypto).withBytes { [UInt8](copying: $0) }
}

private func parse(_ text: [UInt8]) throws -> Bundle {
    try Bundle(parsing: text.rawSpan, crypto: crypto)
}

@Suite struct BundleTests {
    @Test(arguments: [true, false])
    func `what is written is read again`(token: Bool) throws {
        let written = try bundle(token: token)
        let read = try parse(text(written))
        #expect(read.fleet == written.fleet && read.group == written.group)
        #expect(read.broker == written.broker && read.server == written.server)
        #expect(isSame(read.enrolPassword, written.enrolPassword))
        #expect(read.token?.id == written.token?.id && read.expires == written.expires)
        #expect((read.token == nil) == !token)
        #expect(isSame(read.token?.secret, written.token?.secret))
    }

    @Test func `comments, line breaks and spaces of a mail program do no harm`() throws {
        var broken: [UInt8] = Array("\r\n# a comment\r\n\n".utf8)
        for (index, byte) in text(try bundle()).enumerated() {
            broken.append(byte)
            // Only inside the payload line: comment lines end at their line feed.
            if index > 400, index.isMultiple(of: 70) { broken += Array(" \r\n".utf8) }
        }
        #expect(try parse(broken).fleet == fleet)
    }

    @Test func `every truncation is refused`() throws {
        let whole = text(try bundle())
        for count in 0..<whole.count - 1 {
            #expect(throws: BundleError.self) { try parse(Array(whole.prefix(count))) }
        }
    }

    @Test func `every changed character of the payload is refused`() throws {
        let whole = text(try bundle(token: true))
        let start = whole.lastIndex(of: UInt8(ascii: ":"))! + 1
        for index in start..<whole.count - 1 {
            var changed = whole
            changed[index] =
                changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: BundleError.self) { try parse(changed) }
        }
    }

    @Test(arguments: [
        "", "hello", "# only a comment\n", "latchkey-bundle-", "latchkey-bundle-x:AAAA",
        "latchkey-bundle-99999999999:AAAA",
    ])
    func `another text is not a bundle`(text: String) {
        #expect(throws: BundleError.self) { try parse(Array(text.utf8)) }
    }

    @Test func `a newer format is named as such`() throws {
        #expect {
            try parse(Array("latchkey-bundle-3:AAAA\n".utf8))
        } throws: { error in
            (error as? BundleError)?.code == .newerFormat
        }
    }

    @Test(arguments: [
        "latchkey-bundle-1:", "latchkey-bundle-1:A", "latchkey-bundle-1:A+/=", "latchkey-bundle-1",
    ])
    func `a cut or mistyped payload is damage`(text: String) {
        #expect {
            try parse(Array(text.utf8))
        } throws: { error in
            (error as? BundleError)?.code == .damaged
        }
    }

    @Test func `a file of any size is not read beyond its limit`() {
        #expect(throws: BundleError.self) {
            try parse([UInt8](repeating: UInt8(ascii: "#"), count: 70_000))
        }
    }

    @Test func `no message shows a secret`() throws {
        var whole = text(try bundle())
        whole.removeLast(12)
        do {
            _ = try parse(whole)
            Issue.record("a cut bundle was read")
        } catch {
            #expect("\(error)" == "the bundle is damaged or cut short: copy the file again")
        }
    }
}
