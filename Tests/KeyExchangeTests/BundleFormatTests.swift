import CBOR
import CryptoHarness
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// The two formats of bundles: the second one brings the command key.
struct BundleFormatTests {
    private let office: Office

    init() throws { office = try Office() }

    private func read(_ text: [UInt8]) throws -> Bundle {
        try Bundle(parsing: text.rawSpan, crypto: office.crypto)
    }

    private func text(_ bundle: Bundle) -> [UInt8] {
        clear(bundle.encode(crypto: office.crypto))
    }

    private func bundle(commandKey: [UInt8]?, anchor: UInt32) throws -> Bundle {
        Bundle(
            fleet: .berlin,
            group: GroupName(checked: "lamps"),
            broker: Bundle.Broker(host: "localhost", port: 8883, authority: []),
            enrolPassword: material(eight(9)),
            server: try office.anchor().server,
            commandKey: commandKey,
            anchor: anchor,
            token: nil,
            expires: nil
        )
    }

    @Test func `bundles that other code has written are read`() throws {
        let vectors = try Vectors()
        let old = try read(vectors["bundle_1"])
        #expect(old.commandKey == nil && old.anchor == 0)
        let new = try read(vectors["bundle_2"])
        #expect(new.commandKey == office.key.publicKey && new.anchor == 3)
        for bundle in [old, new] {
            #expect(bundle.fleet == .berlin && bundle.group.description == "lamps")
            #expect(bundle.broker.host == "broker.example" && bundle.broker.port == 8883)
            #expect(try bundle.server == office.anchor().server)
            #expect(bundle.token?.id == eight(0x7e) && bundle.expires == 2_000_000_000)
        }
    }

    @Test func `what is not known makes a bundle of the first format, that older agents read`()
        throws
    {
        let written = text(try bundle(commandKey: nil, anchor: 0))
        #expect(String(decoding: written, as: UTF8.self).contains("\nlatchkey-bundle-1:"))
        #expect(try read(written).commandKey == nil)
    }

    @Test(arguments: [(true, 1), (true, UInt32.max), (true, 0), (false, 1)])
    func `command key and generation come back as they were written`(
        hasKey: Bool,
        anchor: UInt32
    ) throws {
        let key = hasKey ? office.key.publicKey : nil
        let written = text(try bundle(commandKey: key, anchor: anchor))
        #expect(String(decoding: written, as: UTF8.self).contains("\nlatchkey-bundle-2:"))
        let again = try read(written)
        #expect(again.commandKey == key && again.anchor == anchor)
    }

    /// A file with a right check, whatever it holds.
    private func file(
        marker: UInt64 = 2,
        format: UInt64 = 2,
        _ rest: (inout CBORWriter) -> Void
    ) throws -> [UInt8] {
        let server = try office.anchor().server
        let body = CBORWriter.encode { writer in
            writer.unsigned(format)
            writer.text("berlin")
            writer.text("lamps")
            writer.text("localhost")
            writer.unsigned(8883)
            writer.bytes([])
            writer.bytes(eight(9))
            writer.bytes(server.encoded)
            writer.null()
            writer.null()
            rest(&writer)
        }
        let check = office.crypto.hash(.sha256, body.rawSpan).prefix(8)
        let whole = body + CBORWriter.encode { $0.bytes(Array(check)) }
        return Array("latchkey-bundle-\(marker):".utf8) + clear(Base64URL.encode(whole.rawSpan))
    }

    @Test func `the file of this suite is one that is read`() throws {
        let key = office.key.publicKey
        let good = try file {
            $0.bytes(key); $0.unsigned(2)
        }
        #expect(try read(good).anchor == 2)
        #expect(try read(file(marker: 1, format: 1) { _ in }).anchor == 0)
    }

    @Test func `a marker that names another format than the content is refused`() throws {
        let key = office.key.publicKey
        for (marker, format) in [(1, 2), (2, 1)] as [(UInt64, UInt64)] {
            for isLong in [true, false] {
                let wrong = try file(marker: marker, format: format) { writer in
                    guard isLong else { return }
                    writer.bytes(key)
                    writer.unsigned(2)
                }
                #expect(throws: BundleError.self) { try read(wrong) }
            }
        }
    }

    @Test func `a command key or a generation that is none is refused`() throws {
        let key = office.key.publicKey
        var noPoint = key
        noPoint[63] ^= 1
        let wrongs: [(inout CBORWriter) -> Void] = [
            { $0.bytes(key) },
            { $0.unsigned(2) },
            {
                $0.bytes(Array(key.dropLast())); $0.unsigned(2)
            },
            {
                $0.bytes(key + [0]); $0.unsigned(2)
            },
            {
                $0.bytes(noPoint); $0.unsigned(2)
            },
            {
                $0.bytes(key); $0.unsigned(1 << 32)
            },
            {
                $0.bytes(key); $0.null()
            },
            {
                $0.bytes(key); $0.unsigned(2); $0.unsigned(2)
            },
        ]
        for (number, wrong) in wrongs.enumerated() {
            let code = #expect(throws: BundleError.self) { try read(file(wrong)) }?.code
            #expect(code == .invalid, "number \(number)")
        }
    }
}
