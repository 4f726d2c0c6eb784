import CryptoHarness
import CBOR
import EDHOC
import Foundation
import KeyExchange
import Testing

/// The worked example of docs/protocol.md is what this code makes.
struct WorkedExampleTests {
    /// Every number of the example, by its name in the document.
    private func example() throws -> [(name: String, bytes: [UInt8])] {
        let x = repeated(0x11)
        let y = repeated(0x22)
        let crypto = LabCrypto(ephemerals: [x, y])
        let lampKey = try crypto.agreementKey(.p256, privateKey: secret(repeated(0x33)))
        let hallKey = try crypto.agreementKey(.p256, privateKey: secret(repeated(0x44)))
        let lampParty = try Party("lamp-1", kid: eight(0x1a), key: lampKey).byValue
        let hallParty = try Party("hall", kid: eight(0x5e), key: hallKey)
        let tokenSecret = [UInt8](repeating: 0x66, count: 32)
        let token = EnrolmentToken(id: eight(0x7e), secret: material(tokenSecret))
        let hall = Hall(hallParty, crypto: crypto)
        hall.tokens[token.id] = Hall.Token(secret: token.secret)
        hall.desired = [
            OfferedKey(
                name: .data,
                epoch: .first,
                algorithm: .aes256GCM,
                use: .both,
                graceSeconds: 3600,
                leaseSeconds: 0,
                material: material(repeated(0x55))
            )
        ]
        var pocket = Pocket(crypto: crypto)
        pocket.anchor = 1
        let lamp = try Lamp(
            lampParty,
            hall: hallParty.credential,
            token: token,
            pocket: pocket,
            connection: ConnectionID(eight(0xc1)),
            crypto: crypto
        )
        var payloads: [(String, [UInt8])] = []
        var up: [UInt8]? = lamp.session.outgoing
        while let sent = up {
            payloads.append(("payload_\(payloads.count + 1)", sent))
            let answer = try #require(try hall.take(sent))
            payloads.append(("payload_\(payloads.count + 1)", answer))
            up = try lamp.take(answer)
        }
        #expect(lamp.isSettled)
        let password = try #require(lamp.password)
        let introduction = try #require(hall.introductions.first)
        let proof = try #require(introduction.enrolment)
        let item = CBORWriter.encode { writer in
            writer.bytes(proof.tokenID)
            writer.bytes(proof.mac)
        }
        let reading = try SecondReading(
            payloads: payloads.map(\.1),
            ephemeral: x,
            lamp: lampParty,
            hall: hallParty.credential,
            enrolment: EADItem(65_001, isCritical: true, value: item),
            fleet: "berlin"
        )
        return [
            ("x", x), ("y", y), ("i", repeated(0x33)), ("r", repeated(0x44)),
            ("CRED_I", lampParty.credential.encoded), ("CRED_R", hallParty.credential.encoded),
            ("C_I", eight(0xc1)), ("C_R", eight(0xd0)),
            ("token_id", token.id), ("token_secret", tokenSecret), ("key", repeated(0x55)),
        ] + payloads + [
            ("enrolment_message", introduction.enrolmentMessage), ("enrolment_mac", proof.mac),
            ("broker_password_bytes", clear(password.secret)),
            ("broker_password_text", clear(BrokerPassword.text(password))),
        ] + reading.numbers + (try signed())
    }

    /// The order and the announcement, with what they are made of.
    private func signed() throws -> [(name: String, bytes: [UInt8])] {
        let office = try Office()
        let anchor = try office.anchor()
        return [
            ("command", repeated(0x77)), ("command_public", office.key.publicKey),
            ("ORDER", try office.sign(office.order())),
            ("next_CRED_R", anchor.server.encoded), ("next_command_public", anchor.commandKey),
            ("ANNOUNCEMENT", try Anchor.announce(anchor, signedBy: office.key)),
        ]
    }

    private func repeated(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }

    @Test func `the worked example of the protocol's document is what the code makes`() throws {
        let document = try Document.read("docs/protocol.md")
        for (name, bytes) in try example() {
            #expect(document.hex(name) == hexadecimal(bytes), "\(name) = \(hexadecimal(bytes))")
        }
    }

    @Test func `the document's tables of numbers are those of the code`() throws {
        let document = try Document.read("docs/protocol.md")
        for code in ProblemCode.allCases {
            let retry = code.isRetryable ? "yes" : "no"
            #expect(document.hasRow("\(code.rawValue)", "`\(code)`", retry), "\(code)")
        }
        for kind in FailureKind.allCases {
            let retry = kind.isRetryable ? "yes" : "no"
            #expect(document.hasRow("\(kind.rawValue)", "`\(kind)`", retry), "\(kind)")
        }
        for type in MessageType.allCases {
            #expect(document.hasRow("\(type.rawValue)", "\(type)".uppercased()), "\(type)")
        }
        #expect(document.hasRow("payload", "\(MessageLimits.payload)"))
        #expect(document.hasRow("keys in one message", "\(MessageLimits.keys)"))
        #expect(document.hasRow("epochs of one key in REPORT", "\(MessageLimits.epochs)"))
        #expect(document.hasRow("free text", "\(MessageLimits.text)"))
        #expect(document.hasRow("generations in RECEIPT", "\(Receipt.limit)"))
        #expect(document.hasRow("verdicts in SETTLE", "\(Settle.maximumVerdicts)"))
        #expect(document.hasRow("order", "\(Order.maximumLength)"))
        #expect(document.hasRow("announcement of an anchor", "\(Anchor.maximumLength)"))
        #expect(document.hasRow("message_1", "\(MessageLimit.message1)"))
        #expect(document.hasRow("message_2, message_3", "\(MessageLimit.message2And3)"))
        #expect(document.hasRow("message_4", "\(MessageLimit.message4)"))
    }
}

/// A text of this repository.
private struct Document {
    private let lines: [Substring]

    static func read(_ path: String) throws -> Document {
        // Tests/KeyExchangeTests/<this file>
        var root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        root.removeLast(3)
        let text = try String(
            contentsOfFile: root.joined(separator: "/") + "/" + path,
            encoding: .utf8
        )
        return Document(lines: text.split(separator: "\n"))
    }

    /// The value of a line `name = hex`, with the indented lines of hex that go on below it.
    func hex(_ name: String) -> String? {
        guard let start = lines.firstIndex(where: { $0.hasPrefix("\(name) = ") }) else {
            return nil
        }
        let first = lines[start].dropFirst(name.count + 3)
        let rest = lines[(start + 1)...].prefix { line in
            line.hasPrefix("    ") && line.allSatisfy { $0.isHexDigit || $0 == " " }
        }
        return ([first] + rest).joined().filter { $0 != " " }
    }

    /// Whether a table has a row that begins with these cells.
    func hasRow(_ cells: String...) -> Bool {
        lines.contains { line in
            let found = line.split(separator: "|")
                .map { $0.trimmingCharacters(in: .whitespaces) }
            return found.starts(with: cells)
        }
    }
}
