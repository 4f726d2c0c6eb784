import EDHOC
import Secrets
import Testing

@Suite struct `Signatures` {
    struct Vector: Sendable {
        let algorithm: SignatureAlgorithm
        let privateKey, publicKey, message, signature: [UInt8]
    }

    private static let p256Private = hex(
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
    )
    private static let p256Public = hex(
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )

    static let vectors = [
        // RFC 6979 A.2.5, SHA-256.
        Vector(
            algorithm: .es256,
            privateKey: p256Private,
            publicKey: p256Public,
            message: Array("sample".utf8),
            signature: hex(
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                    + "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
            )
        ),
        Vector(
            algorithm: .es256,
            privateKey: p256Private,
            publicKey: p256Public,
            message: Array("test".utf8),
            signature: hex(
                "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                    + "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
            )
        ),
        // RFC 6979 A.2.6, SHA-384.
        Vector(
            algorithm: .es384,
            privateKey: hex(
                "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba"
                    + "9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5"
            ),
            publicKey: hex(
                "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e"
                    + "06aae5286b300c64def8f0ea9055866064a254515480bc13"
                    + "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9"
                    + "f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
            ),
            message: Array("sample".utf8),
            signature: hex(
                "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7"
                    + "3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
                    + "99ef4aeb15f178cea1fe40db2603138f130e740a19624526"
                    + "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
            )
        ),
        // RFC 8032 § 7.1, tests 1 and 2.
        Vector(
            algorithm: .edDSA,
            privateKey: hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
            publicKey: hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
            message: [],
            signature: hex(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            )
        ),
        Vector(
            algorithm: .edDSA,
            privateKey: hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
            publicKey: hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
            message: [0x72],
            signature: hex(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                    + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            )
        ),
    ]

    @Test(arguments: Provider.allCases, vectors)
    func `each published signature is valid, with the key whole and with x alone`(
        _ provider: Provider,
        _ vector: Vector
    ) throws {
        let crypto = provider.crypto
        guard crypto.supports(vector.algorithm) else { return }
        #expect(vector.isValid(crypto))
        if vector.algorithm != .edDSA {
            let half = vector.publicKey.count / 2
            #expect(vector.isValid(crypto, publicKey: Array(vector.publicKey.prefix(half))))
        }
        let key = try crypto.signingKey(
            vector.algorithm,
            privateKey: secret(vector.privateKey)
        )
        #expect(key.publicKey == vector.publicKey)
        #expect(key.export().revealed() == vector.privateKey)
        let own = try key.sign(vector.message.rawSpan)
        #expect(vector.isValid(crypto, signature: own))
    }

    @Test(arguments: vectors.filter { $0.algorithm != .edDSA })
    func `mbedTLS signs with the nonces of RFC 6979`(_ vector: Vector) throws {
        let key = try Provider.mbedTLS.crypto.signingKey(
            vector.algorithm,
            privateKey: secret(vector.privateKey)
        )
        #expect(try key.sign(vector.message.rawSpan) == vector.signature)
    }

    @Test(arguments: Provider.allCases, vectors)
    func `a changed signature, message or key is invalid`(
        _ provider: Provider,
        _ vector: Vector
    ) {
        let crypto = provider.crypto
        guard crypto.supports(vector.algorithm) else { return }
        for index in stride(from: 0, to: vector.signature.count, by: 7) {
            var signature = vector.signature
            signature[index] ^= 1
            #expect(!vector.isValid(crypto, signature: signature))
        }
        #expect(!vector.isValid(crypto, message: vector.message + [0]))
        var publicKey = vector.publicKey
        publicKey[1] ^= 1
        #expect(!vector.isValid(crypto, publicKey: publicKey))
    }

    @Test(arguments: Provider.allCases, vectors)
    func `a signature or a key of a wrong length is invalid`(
        _ provider: Provider,
        _ vector: Vector
    ) {
        let crypto = provider.crypto
        guard crypto.supports(vector.algorithm) else { return }
        for count in 0..<vector.signature.count {
            #expect(!vector.isValid(crypto, signature: Array(vector.signature.prefix(count))))
        }
        #expect(!vector.isValid(crypto, signature: vector.signature + [0]))
        let half = vector.publicKey.count / 2
        for count in [0, 1, half - 1, half + 1, vector.publicKey.count - 1] {
            #expect(!vector.isValid(crypto, publicKey: Array(vector.publicKey.prefix(count))))
        }
        #expect(!vector.isValid(crypto, publicKey: vector.publicKey + [0]))
    }

    @Test(arguments: Provider.allCases, vectors.filter { $0.algorithm != .edDSA })
    func `r and s of zero or of n are invalid`(_ provider: Provider, _ vector: Vector) {
        let crypto = provider.crypto
        let curve: Curve = vector.algorithm == .es256 ? .p256 : .p384
        let r = Array(vector.signature.prefix(curve.keyLength))
        let s = Array(vector.signature.suffix(curve.keyLength))
        let zero = [UInt8](repeating: 0, count: curve.keyLength)
        for signature in [zero + s, r + zero, zero + zero, curve.order + s, r + curve.order] {
            #expect(!vector.isValid(crypto, signature: signature))
        }
    }

    @Test(arguments: Provider.allCases, SignatureAlgorithm.allCases)
    func `a private key of a wrong length is refused`(
        _ provider: Provider,
        _ algorithm: SignatureAlgorithm
    ) {
        let crypto = provider.crypto
        guard crypto.supports(algorithm) else { return }
        let length = algorithm.signatureLength / 2
        for count in [0, length - 1, length + 1] {
            #expect(throws: CryptoError.invalidKey) {
                try crypto.signingKey(
                    algorithm,
                    privateKey: secret([UInt8](repeating: 1, count: count))
                )
            }
        }
    }

    @Test(arguments: Provider.allCases, [SignatureAlgorithm.es256, .es384])
    func `a private key of zero or n is refused`(
        _ provider: Provider,
        _ algorithm: SignatureAlgorithm
    ) {
        let crypto = provider.crypto
        let curve: Curve = algorithm == .es256 ? .p256 : .p384
        for bytes in [[UInt8](repeating: 0, count: curve.keyLength), curve.order] {
            #expect(throws: CryptoError.invalidKey) {
                try crypto.signingKey(algorithm, privateKey: secret(bytes))
            }
        }
    }

    @Test func `mbedTLS says that it has no EdDSA, in every way`() throws {
        let crypto = Provider.mbedTLS.crypto
        #expect(!crypto.supports(.edDSA))
        #expect(Provider.boringSSL.crypto.supports(.edDSA))
        #expect(throws: CryptoError.unsupported) { try crypto.generateSigningKey(.edDSA) }
        #expect(throws: CryptoError.unsupported) {
            try crypto.signingKey(.edDSA, privateKey: secret([UInt8](repeating: 1, count: 32)))
        }
        for vector in Self.vectors where vector.algorithm == .edDSA {
            #expect(!vector.isValid(crypto))
        }
    }
}

extension `Signatures`.Vector {
    func isValid(
        _ crypto: any Crypto,
        signature: [UInt8]? = nil,
        message: [UInt8]? = nil,
        publicKey: [UInt8]? = nil
    ) -> Bool {
        let message = message ?? self.message
        return crypto.isValid(
            signature ?? self.signature,
            algorithm,
            message: message.rawSpan,
            publicKey: publicKey ?? self.publicKey
        )
    }
}
