import CBOR
import CryptoHarness
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// Whoever holds a command key, and what can be signed with it.
struct Office {
    let crypto = LabCrypto()
    let key: any SigningKey
    let device = DeviceID(checked: "lamp-1")

    init(_ byte: UInt8 = 0x77) throws {
        let scalar = [UInt8](repeating: byte, count: 32)
        key = try crypto.signingKey(.es256, privateKey: secret(scalar))
    }

    func order(
        _ scope: RetireScope = .device,
        counter: UInt64 = 7,
        expiresAt: UInt64? = 1_800_604_800
    ) throws -> Order {
        Order(
            fleet: .berlin,
            device: device,
            operation: try #require(Sample.operation),
            counter: counter,
            scope: scope,
            issuedAt: 1_800_000_000,
            expiresAt: expiresAt
        )
    }

    func anchor(_ generation: UInt32 = 2) throws -> Anchor {
        let server = try crypto.agreementKey(
            .p256,
            privateKey: secret([UInt8](repeating: 0x45, count: 32))
        )
        return Anchor(
            generation: generation,
            fleet: .berlin,
            server: try Party("hall", kid: eight(0x5f), key: server).credential,
            commandKey: try Office(0x78).key.publicKey,
            beside: 1
        )
    }

    func sign(_ order: Order) throws -> [UInt8] { try Order.sign(order, with: key) }

    /// Signs a payload as an order, whatever it is.
    func signOrder(_ payload: [UInt8]) throws -> [UInt8] {
        try sign(payload, ["latchkey/1 order", "berlin", "lamp-1"])
    }

    /// Signs a payload as an announcement, whatever it is.
    func signAnchor(_ payload: [UInt8]) throws -> [UInt8] {
        try sign(payload, ["latchkey/1 anchor", "berlin"])
    }

    /// A COSE_Sign1 by the document alone, with any headers: a second implementation of its section 14.
    func sign(
        _ payload: [UInt8],
        _ audience: [String],
        protected: [UInt8] = [0xa1, 0x01, 0x26],
        unprotected: [UInt8] = [0xa0]
    ) throws -> [UInt8] {
        let structure = CBORWriter.encode { writer in
            writer.array(4)
            writer.text("Signature1")
            writer.bytes(protected)
            writer.bytes(
                CBORWriter.encode { external in
                    external.array(audience.count)
                    for name in audience { external.text(name) }
                }
            )
            writer.bytes(payload)
        }
        let signature = try key.sign(structure.rawSpan)
        return CBORWriter.encode { writer in
            writer.array(4)
            writer.bytes(protected)
            writer.encoded(unprotected)
            writer.bytes(payload)
            writer.bytes(signature)
        }
    }

    /// What the lamp makes of an order.
    func obey(
        _ bytes: [UInt8],
        as device: String = "lamp-1",
        of fleet: String = "berlin"
    ) throws(OrderError) -> Order {
        try Order.verify(
            bytes,
            commandKey: key.publicKey,
            fleet: FleetID(checked: fleet),
            device: DeviceID(checked: device),
            crypto: crypto
        )
    }

    /// What a lamp makes of an announcement.
    func pin(_ bytes: [UInt8], of fleet: String = "berlin") throws(AnchorError) -> Anchor {
        try Anchor.verify(
            bytes,
            commandKey: key.publicKey,
            fleet: FleetID(checked: fleet),
            crypto: crypto
        )
    }
}

/// Why bytes were refused; nil when they were not.
func refusal(_ body: () throws -> some Any) throws -> SignedMessageError.Code? {
    do {
        _ = try body()
        return nil
    } catch let error as SignedMessageError {
        return error.code
    }
}
