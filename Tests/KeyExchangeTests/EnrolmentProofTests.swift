import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

struct EnrolmentProofTests {
    private let crypto = LabCrypto()
    private let token = EnrolmentToken(
        id: eight(7),
        secret: material(eight(1) + eight(2) + eight(3) + eight(4))
    )
    private let digest = [UInt8](repeating: 3, count: 32)
    private let point = [UInt8](repeating: 4, count: 32)

    private func message(_ party: Party, digest: [UInt8]? = nil, point: [UInt8]? = nil) -> [UInt8] {
        EnrolmentProof.message(
            messageOneDigest: digest ?? self.digest,
            ephemeralY: point ?? self.point,
            credential: party.credential
        )
    }

    private func isValid(
        _ proof: EnrolmentProof,
        _ secret: KeyMaterial,
        _ message: [UInt8]
    ) -> Bool {
        proof.isValid(secret: secret.secret, message: message, crypto: crypto)
    }

    @Test func `a proof is valid for its secret, handshake and device`() throws {
        let lamp = try Party("lamp", kid: eight(1), crypto: crypto)
        let proof = EnrolmentProof(token: token, message: message(lamp), crypto: crypto)
        #expect(isValid(proof, token.secret, message(lamp)))
        #expect(proof.tokenID == token.id)
    }

    @Test func `a proof is worth nothing elsewhere`() throws {
        let lamp = try Party("lamp", kid: eight(1), crypto: crypto)
        let other = try Party("lamp", kid: eight(1), crypto: crypto)
        let proof = EnrolmentProof(token: token, message: message(lamp), crypto: crypto)
        let elsewhere = [
            message(other), message(lamp, digest: point), message(lamp, point: digest), [],
        ]
        for message in elsewhere {
            #expect(!isValid(proof, token.secret, message))
        }
        #expect(!isValid(proof, material(eight(1) + eight(3)), message(lamp)))
    }

    @Test func `the credential by value and by kid is one device`() throws {
        let lamp = try Party("lamp", kid: eight(1), crypto: crypto)
        #expect(message(lamp) == message(try lamp.byValue))
    }

    @Test func `an item is critical and is read as it was written`() throws {
        let proof = EnrolmentProof(token: token, message: [1], crypto: crypto)
        #expect(proof.item.isCritical)
        #expect(proof.item.label == 65_001)
        #expect(try EnrolmentProof(parsing: proof.item.value ?? []) == proof)
    }

    static let wrong: [Wrong] = [
        Wrong("nothing") { _ in },
        Wrong("an identifier of 7 bytes") {
            $0.bytes(Array(eight(1).dropLast()));
            $0.bytes(eight(0) + eight(0) + eight(0) + eight(0))
        },
        Wrong("a MAC of 16 bytes") {
            $0.bytes(eight(1)); $0.bytes(eight(0) + eight(0))
        },
        Wrong("no MAC") { $0.bytes(eight(1)) },
        Wrong("an array") {
            $0.array(2); $0.bytes(eight(1)); $0.bytes(eight(0) + eight(0) + eight(0) + eight(0))
        },
        Wrong("surplus") {
            $0.bytes(eight(1)); $0.bytes(eight(0) + eight(0) + eight(0) + eight(0)); $0.null()
        },
        Wrong("text") {
            $0.text("12345678"); $0.bytes(eight(0) + eight(0) + eight(0) + eight(0))
        },
    ]

    @Test(arguments: wrong)
    func `an item that is wrong is refused`(wrong: Wrong) {
        #expect(throws: MessageError.self) { try EnrolmentProof(parsing: wrong.bytes) }
    }
}
