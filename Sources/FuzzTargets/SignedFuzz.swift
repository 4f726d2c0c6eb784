internal import CBOR
internal import EDHOC
internal import KeyExchange
internal import Secrets

/// What is behind the encryption or the signature of a message.
enum SignedFuzz {
    private static let crypto = HandshakeFuzz.crypto
    private static let fleet = SessionFuzz.fleet
    private static let device = DeviceID(checked: "lamp-1")
    private static let key = ToySigningKey()

    static func message(_ input: [UInt8]) {
        guard let again = try? AnyMessage.rewrite(input) else { return }
        // A problem with a code from the future is read as one that is known.
        guard input.dropFirst().first != UInt8(MessageType.problem.rawValue) else { return }
        precondition(again == input, "two encodings of one message")
    }

    static func order(_ input: [UInt8]) {
        let order = try? Order.verify(
            input,
            commandKey: key.publicKey,
            fleet: fleet,
            device: device,
            crypto: crypto
        )
        guard let order else { return }
        let again = try? Order.sign(order, with: key)
        precondition(again == input, "two encodings of one order")
        precondition(order.refusal(lastObeyed: order.counter, serverTimeFloor: nil) == .replayed)
        if let end = order.expiresAt {
            precondition(order.refusal(lastObeyed: 0, serverTimeFloor: end) == .expired)
        }
    }

    static func anchor(_ input: [UInt8]) {
        let anchor = try? Anchor.verify(
            input,
            commandKey: key.publicKey,
            fleet: fleet,
            crypto: crypto
        )
        guard let anchor else { return }
        let again = try? Anchor.announce(anchor, signedBy: key)
        precondition(again == input, "two encodings of one anchor")
    }

    static var orderSeeds: [[UInt8]] {
        let scopes: [RetireScope] = [
            .device, .keys([KeyName(checked: "data")]),
            .keys((10..<26).map { KeyName(checked: "key-\($0)") }),
        ]
        return scopes.flatMap { scope in
            [nil, UInt64.max].compactMap { expiresAt in
                OperationID(bytes: zeros(8)).map { operation in
                    Order(
                        fleet: fleet,
                        device: device,
                        operation: operation,
                        counter: 1 << 33,
                        scope: scope,
                        issuedAt: 1_800_000_000,
                        expiresAt: expiresAt
                    )
                }
            }
        }.compactMap { try? Order.sign($0, with: key) }
    }

    static var anchorSeeds: [[UInt8]] {
        [1, 2, UInt32.max].compactMap { generation in
            let anchor = Anchor(
                generation: generation,
                fleet: fleet,
                server: HandshakeFuzz.hall,
                commandKey: key.publicKey
            )
            return try? Anchor.announce(anchor, signedBy: key)
        }
    }

    /// A message of each type in each of its forms.
    static var messageSeeds: [[UInt8]] {
        let hex = [
            // REPORT with a primary key; with one that is suspended, of a process, under an anchor.
            "860163312e30000005818264646174618183010148" + "0102030405060708",
            "880163312e30000005818264646174618183010348" + "0102030405060708" + "48"
                + "1717171717171717" + "02",
            "860163312e3000000080",
            // OFFER, CONFIRM with a proof, with a failure.
            "830248a1a1a1a1a1a1a1a18186646461746101a301040301205010101010101010101010101010101010"
                + "00190e1000",
            "830348a1a1a1a1a1a1a1a1818364646174610150" + "0102030405060708" + "0102030405060708",
            "830348a1a1a1a1a1a1a1a18183646461746101" + "05",
            // SETTLE: nothing; every verdict with a time; with an announcement.
            "830448a1a1a1a1a1a1a1a180",
            "850448a1a1a1a1a1a1a1a185" + "8464646174610002190e10" + "83646461746101" + "01"
                + "82646461746102" + "8364646174610301" + "8364646174610401" + "1a6b49d200f6",
            "850448a1a1a1a1a1a1a1a180" + "1a6b49d200" + "43010203",
            // RETIRE of all, of a key; RECEIPT; PROBLEM.
            "840548a1a1a1a1a1a1a1a107f6", "840548a1a1a1a1a1a1a1a107816464617461",
            "840648a1a1a1a1a1a1a1a10780", "84070cf6626e6f", "840701" + "48a1a1a1a1a1a1a1a160",
        ]
        return hex.map { text in
            guard let seed = bytes(hexadecimal: text), (try? AnyMessage.rewrite(seed)) == seed
            else {
                preconditionFailure("our own message is wrong: \(text)")
            }
            return seed
        }
    }
}
