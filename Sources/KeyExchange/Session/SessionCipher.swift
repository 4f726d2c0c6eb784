internal import CBOR
internal import EDHOC
internal import Secrets

/// Which way a message goes.
enum Direction: UInt64 {
    case toServer = 0
    case toDevice = 1
}

/// The keys of one session, and the COSE_Encrypt0 that its messages travel in.
///
/// Both sides count their messages from 0. Requests and answers alternate and a repeat is the same
/// bytes, so a message with any other count than the next one is not ours and is ignored.
struct SessionCipher: ~Copyable {
    private let crypto: any Crypto
    private let aead: AEADAlgorithm
    private let sendDirection: Direction
    private let sendKey: Secret
    private let receiveKey: Secret
    private let sendNonce: [UInt8]
    private let receiveNonce: [UInt8]
    private let fleet: FleetID
    private let session: [UInt8]
    private var sent: UInt64 = 0
    private var received: UInt64 = 0

    /// Derives the keys with EDHOC_Exporter.
    init(
        side: Direction,
        fleet: FleetID,
        suite: CipherSuite,
        crypto: any Crypto,
        exporter: (_ label: Int, _ context: [UInt8], _ count: Int) -> Secret
    ) {
        self.crypto = crypto
        self.fleet = fleet
        aead = suite.sessionAEAD
        sendDirection = side
        let context = Self.context(fleet)
        func derive(_ label: Profile.ExporterLabel, _ count: Int) -> Secret {
            exporter(label.rawValue, context, count)
        }
        let sendsUp = side == .toServer
        sendKey = derive(sendsUp ? .keyToServer : .keyToDevice, aead.keyLength)
        receiveKey = derive(sendsUp ? .keyToDevice : .keyToServer, aead.keyLength)
        sendNonce = derive(sendsUp ? .nonceToServer : .nonceToDevice, aead.nonceLength)
            .withBytes { [UInt8](copying: $0) }
        receiveNonce = derive(sendsUp ? .nonceToDevice : .nonceToServer, aead.nonceLength)
            .withBytes { [UInt8](copying: $0) }
        session = derive(.session, 16).withBytes { [UInt8](copying: $0) }
    }

    /// The context of every exporter call: version and fleet, never a topic, since bridges rename topics.
    static func context(_ fleet: FleetID) -> [UInt8] {
        CBORWriter.encode { writer in
            writer.array(2)
            writer.text(Profile.version)
            writer.text(fleet.description)
        }
    }

    /// Encrypts the next message of this side.
    mutating func seal(_ message: some SessionMessage) throws(CryptoError) -> [UInt8] {
        var plaintext = CBORWriter()
        message.encode(into: &plaintext)
        let count = Self.minimalBytes(sent)
        let authenticated = additionalData(sendDirection, count)
        let nonce = Self.nonce(sendNonce, sent)
        let ciphertext: [UInt8]
        ciphertext = try plaintext.withBytes { bytes throws(CryptoError) in
            try crypto.seal(
                aead,
                key: sendKey,
                nonce: nonce,
                authenticating: authenticated,
                plaintext: bytes
            )
        }
        sent += 1
        return CBORWriter.encode { writer in
            // RFC 9052 § 5.2. The suite fixes the algorithm, so the protected header is empty.
            writer.array(3)
            writer.bytes([])
            writer.map(1)
            writer.unsigned(6)
            writer.bytes(count)
            writer.bytes(ciphertext)
        }
    }

    /// Decrypts the next message of the peer; nil when it is not that, whatever it is.
    mutating func open(_ sealed: [UInt8]) -> Secret? {
        guard let (count, ciphertext) = Self.parse(sealed),
            count == Self.minimalBytes(received)
        else { return nil }
        let direction: Direction = sendDirection == .toServer ? .toDevice : .toServer
        let authenticated = additionalData(direction, count)
        do {
            let plaintext = try crypto.open(
                aead,
                key: receiveKey,
                nonce: Self.nonce(receiveNonce, received),
                authenticating: authenticated,
                ciphertext: ciphertext.rawSpan
            )
            received += 1
            return plaintext
        } catch {
            return nil
        }
    }

    private static func parse(_ sealed: [UInt8]) -> (count: [UInt8], ciphertext: [UInt8])? {
        do {
            var reader = CBORReader(sealed.rawSpan)
            try reader.array(3)
            _ = try reader.bytes(count: 0)
            guard try reader.map() == 1, try reader.unsigned() == 6 else { return nil }
            let count = try reader.bytes(count: 1...8)
            let ciphertext = try reader.bytes()
            try reader.end()
            return (count, ciphertext)
        } catch {
            return nil
        }
    }

    /// The Enc_structure of RFC 9052 § 5.3; the message's type is inside the plaintext.
    private func additionalData(_ direction: Direction, _ count: [UInt8]) -> [UInt8] {
        let external = CBORWriter.encode { writer in
            writer.array(5)
            writer.text(Profile.version)
            writer.text(fleet.description)
            writer.bytes(session)
            writer.unsigned(direction.rawValue)
            writer.bytes(count)
        }
        return CBORWriter.encode { writer in
            writer.array(3)
            writer.text("Encrypt0")
            writer.bytes([])
            writer.bytes(external)
        }
    }

    private static func nonce(_ base: [UInt8], _ count: UInt64) -> [UInt8] {
        var nonce = base
        for offset in 0..<8 {
            nonce[nonce.count - 1 - offset] ^= UInt8(
                truncatingIfNeeded: count >> (8 * UInt64(offset))
            )
        }
        return nonce
    }

    /// A count in as few bytes as hold it, as a Partial IV is written (RFC 9052 § 3.1).
    private static func minimalBytes(_ count: UInt64) -> [UInt8] {
        var bytes = [UInt8(truncatingIfNeeded: count)]
        var rest = count >> 8
        while rest > 0 {
            bytes.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return bytes
    }
}
