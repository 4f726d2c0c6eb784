import CryptoHarness
import EDHOC
import KeyExchange
import Testing

extension FleetID {
    static let berlin = FleetID(checked: "berlin")
}

extension KeyName {
    static let data = KeyName(checked: "data")
    static let sign = KeyName(checked: "sign")
}

/// A lamp, a hall, and the wire between them.
final class Scene {
    let crypto: LabCrypto
    let hall: Hall
    let lampParty: Party
    let token = EnrolmentToken(
        id: eight(0x7e),
        secret: material(eight(1) + eight(2) + eight(3) + eight(4))
    )

    init(crypto: LabCrypto = LabCrypto()) throws {
        self.crypto = crypto
        hall = Hall(try Party("hall", kid: eight(0x5e), crypto: crypto), crypto: crypto)
        lampParty = try Party("lamp-1", kid: eight(0x1a), crypto: crypto)
        hall.tokens[token.id] = Hall.Token(secret: token.secret)
    }

    /// A lamp with its token that nobody knows yet.
    func stranger(connection: UInt8 = 0xc1) throws -> Lamp {
        try Lamp(
            lampParty.byValue,
            hall: hall.party.credential,
            token: token,
            connection: ConnectionID(eight(connection)),
            crypto: crypto
        )
    }

    /// A lamp that the hall knows by its kid.
    func acquaintance(_ pocket: Pocket? = nil, connection: UInt8 = 0xc2) throws -> Lamp {
        hall.known[eight(0x1a)] = lampParty.credential
        return try Lamp(
            lampParty,
            hall: hall.party.credential,
            pocket: pocket,
            connection: ConnectionID(eight(connection)),
            crypto: crypto
        )
    }

    /// A key for the hall to want on the lamp.
    func key(
        _ name: KeyName = .data,
        _ epoch: UInt32 = 1,
        bytes: [UInt8]? = nil
    ) throws -> OfferedKey {
        OfferedKey(
            name: name,
            epoch: try #require(Epoch(epoch)),
            algorithm: .aes256GCM,
            use: .both,
            graceSeconds: 3600,
            leaseSeconds: 0,
            material: try bytes.map { material($0) } ?? KeyMaterial(crypto.randomSecret(32))
        )
    }

    /// Lets both talk until nobody has anything to say, and returns the payloads as they were sent.
    ///
    /// `wire` gets each with its number, from 1, and says what arrives.
    @discardableResult
    func converse(
        _ lamp: Lamp,
        wire: (Int, [UInt8]) throws -> [[UInt8]] = { [$1] }
    ) throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        var up: [UInt8]? = lamp.session.outgoing
        while let sent = up {
            up = nil
            payloads.append(sent)
            var down: [UInt8]?
            for arrived in try wire(payloads.count, sent) {
                down = try hall.take(arrived) ?? down
            }
            guard let down else { break }
            payloads.append(down)
            for arrived in try wire(payloads.count, down) {
                up = try lamp.take(arrived) ?? up
            }
        }
        return payloads
    }
}
