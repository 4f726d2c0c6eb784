import CryptoHarness
import CBOR
import EDHOC
import KeyExchange
import Secrets
import Testing

/// Reads a recorded enrolment with the device's keys, by the document alone: a second implementation of
/// its sections 7 and 8.
struct SecondReading {
    var numbers: [(name: String, bytes: [UInt8])] = []
    private let crypto: LabCrypto

    /// `payloads` are those of the session; `ephemeral` is the private key of G_X.
    init(
        payloads: [[UInt8]],
        ephemeral: [UInt8],
        lamp: Party,
        hall: Credential,
        enrolment: EADItem,
        fleet: String
    ) throws {
        crypto = LabCrypto(ephemerals: [ephemeral])
        let parts = try payloads.dropFirst().map { payload in
            guard case .next(_, let handshake, let sealed) = try Frame(parsing: payload) else {
                throw MessageError("want a frame")
            }
            return (handshake: handshake ?? [], sealed: sealed ?? [])
        }
        let initiator = try Initiator(
            method: .staticDH,
            suites: [3],
            connectionID: ConnectionID(eight(0xc1)),
            crypto: crypto
        )
        let waiting = try initiator.receive(message2: parts[0].handshake)
            .verify(peer: hall, own: lamp.credential)
            .prepare(as: lamp.credential, ead3: [enrolment])
        let result = try lamp.key.performNow(waiting.operation)
        let finished = try waiting.finish(result)
        #expect(finished.message3 == parts[1].handshake)
        let done = try finished.receive(message4: parts[2].handshake)
        numbers.append(("PRK_out", done.session.withPRKOut { [UInt8](copying: $0) }))
        let context = CBORWriter.encode { writer in
            writer.array(2)
            writer.text("latchkey/1")
            writer.text(fleet)
        }
        numbers.append(("exporter_context", context))
        func export(_ label: Int, _ count: Int) -> [UInt8] {
            clear(done.session.exporter(label: label, context: context, count: count))
        }
        for (label, count) in [
            (33_000, 16), (33_001, 16), (33_002, 16), (33_003, 13), (33_004, 13), (33_005, 32),
        ] {
            numbers.append(("exporter_\(label)", export(label, count)))
        }
        let messages = [
            ("REPORT", parts[1], 0, 0), ("OFFER", parts[2], 1, 0), ("CONFIRM", parts[3], 0, 1),
            ("SETTLE", parts[4], 1, 1),
        ]
        for (name, part, direction, number) in messages {
            let plaintext = try open(
                part.sealed,
                key: export(33_001 + direction, 16),
                base: export(33_003 + direction, 13),
                number: UInt8(number)
            ) { writer in
                writer.array(5)
                writer.text("latchkey/1")
                writer.text(fleet)
                writer.bytes(export(33_000, 16))
                writer.unsigned(UInt64(direction))
                writer.bytes([UInt8(number)])
            }
            numbers.append((name, plaintext))
        }
    }

    private func open(
        _ sealed: [UInt8],
        key: [UInt8],
        base: [UInt8],
        number: UInt8,
        external: (inout CBORWriter) -> Void
    ) throws -> [UInt8] {
        // [h'', {6: piv}, ciphertext]
        let head: [UInt8] = [0x83, 0x40, 0xa1, 0x06, 0x41, number, 0x58]
        #expect(sealed.starts(with: head))
        var nonce = base
        nonce[12] ^= number
        let authenticated = CBORWriter.encode { writer in
            writer.array(3)
            writer.text("Encrypt0")
            writer.bytes([])
            writer.bytes(CBORWriter.encode(external))
        }
        return clear(
            try crypto.open(
                .aesCCM16_128_128,
                key: secret(key),
                nonce: nonce,
                authenticating: authenticated,
                ciphertext: Array(sealed.dropFirst(head.count + 1)).rawSpan
            )
        )
    }
}
