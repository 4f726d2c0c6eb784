import EDHOC
import Testing

/// Connection identifiers and credential identifiers of every form.
@Suite struct IdentifierTests {
    static let forms: [(String, String)] = [
        ("", "40"), ("00", "00"), ("0e", "0e"), ("17", "17"), ("18", "4118"), ("1f", "411f"),
        ("20", "20"), ("37", "37"), ("38", "4138"), ("ff", "41ff"), ("0e0e", "420e0e"),
        ("0102030405060708", "480102030405060708"),
    ]

    @Test(arguments: forms)
    func `a connection identifier has one encoding`(_ bytes: String, _ encoded: String) throws {
        #expect(ConnectionID(hex(bytes)).encoded == hex(encoded))
        #expect(try ConnectionID(encoded: hex(encoded)).bytes == hex(bytes))
    }

    @Test(arguments: forms)
    func `a key identifier travels alone in the same form`(
        _ bytes: String,
        _ encoded: String
    ) throws {
        var handshake = try Handshake(suite: 2)
        handshake.lamp = try Party(
            "lamp",
            kid: hex(bytes),
            suite: handshake.suite,
            usesStaticDH: true,
            crypto: handshake.lampCrypto
        )
        let outcome = try handshake.run()
        #expect(outcome.agrees)
        // head, ID_CRED_I, MAC_3 with its head, tag
        let ciphertext = hex(encoded).count + 9 + 8
        #expect(outcome.messages[2].count == ciphertext + (ciphertext < 24 ? 1 : 2))
    }

    @Test func `all 256 single bytes go there and back`() throws {
        for byte in UInt8.min...UInt8.max {
            let id = ConnectionID([byte])
            #expect(try ConnectionID(encoded: id.encoded) == id)
            #expect(id.encoded.count == (byte & 0xdf < 24 ? 1 : 2))
        }
    }

    @Test(arguments: [
        "", "410e", "4100", "4117", "4120", "4137", "1818", "3818", "190001", "42 01", "f5", "60",
        "80", "0e0e", "5801ff", "5f4101ff", "58 21" + String(repeating: "ab", count: 33), "c10e",
    ])
    func `what is not an identifier is refused`(_ encoded: String) {
        #expect(throws: EDHOCError.self) { _ = try ConnectionID(encoded: hex(encoded)) }
    }

    @Test func `a full map is sorted into kid, value and other`() throws {
        let kid = try CredentialID(encoded: hex("a1044132"))
        #expect(kid == .kid([0x32]))
        #expect(kid.credentialByValue == nil)
        let value = try CredentialID(encoded: hex("a10ea10201"))
        #expect(value == .byValue(ccs: hex("a10201")))
        #expect(value.kid == nil)
        for opaque in [
            "a11822822e4879f2a41b510c1f9b", "a11821430102 03", "a118236161", "a204413218214101",
            "a20441320ea0",
        ] {
            let id = try CredentialID(encoded: hex(opaque))
            #expect(id.kid == nil && id.credentialByValue == nil)
            #expect(id.encoded == hex(opaque))
        }
    }

    @Test(arguments: [
        "", "a0", "32", "4132", "a104", "a10432", "a1046132", "a1044132 00", "a20441320441 33",
        "a218214101044132", "bf044132ff", "a10e4101", "a10e00", "8104",
        "a1045821" + String(repeating: "00", count: 33),
    ])
    func `what is not an ID_CRED map is refused`(_ encoded: String) {
        #expect(throws: EDHOCError.self) { _ = try CredentialID(encoded: hex(encoded)) }
    }
}
