import EDHOC
import Secrets
import Testing

@Suite struct `Authenticated ciphers` {
    struct Vector: Sendable {
        let cipher: AEADAlgorithm
        let key, nonce, authenticating, plaintext, ciphertext: [UInt8]
    }

    private static let gcmPlaintext = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    private static let gcmData = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    private static let sunscreen = Array(
        ("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
            + "future, sunscreen would be it.").utf8
    )

    static let vectors = [
        // RFC 3610, packet vector #1.
        Vector(
            cipher: .aesCCM16_64_128,
            key: Array(0xC0...0xCF),
            nonce: hex("00000003020100a0a1a2a3a4a5"),
            authenticating: Array(0x00...0x07),
            plaintext: Array(0x08...0x1E),
            ciphertext: hex("588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0")
        ),
        // Not published: the same packet with a 16-byte tag, computed with OpenSSL.
        Vector(
            cipher: .aesCCM16_128_128,
            key: Array(0xC0...0xCF),
            nonce: hex("00000003020100a0a1a2a3a4a5"),
            authenticating: Array(0x00...0x07),
            plaintext: Array(0x08...0x1E),
            ciphertext: hex(
                "588c979a61c663d2f066d0c2c0f989806d5f6b61dac384"
                    + "509da654e32deac369c2dae7133cb08d"
            )
        ),
        // McGrew and Viega, The Galois/Counter Mode of Operation, test cases 4 and 16.
        Vector(
            cipher: .aes128GCM,
            key: hex("feffe9928665731c6d6a8f9467308308"),
            nonce: hex("cafebabefacedbaddecaf888"),
            authenticating: gcmData,
            plaintext: gcmPlaintext,
            ciphertext: hex(
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                    + "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                    + "5bc94fbc3221a5db94fae95ae7121a47"
            )
        ),
        Vector(
            cipher: .aes256GCM,
            key: hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            nonce: hex("cafebabefacedbaddecaf888"),
            authenticating: gcmData,
            plaintext: gcmPlaintext,
            ciphertext: hex(
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                    + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                    + "76fc6ece0f4e1768cddf8853bb2d551b"
            )
        ),
        // RFC 8439 § 2.8.2.
        Vector(
            cipher: .chaCha20Poly1305,
            key: Array(0x80...0x9F),
            nonce: hex("070000004041424344454647"),
            authenticating: hex("50515253c0c1c2c3c4c5c6c7"),
            plaintext: sunscreen,
            ciphertext: hex(
                "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
                    + "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
                    + "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                    + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd060"
                    + "0691"
            )
        ),
    ]

    @Test(arguments: Provider.allCases, vectors)
    func `each cipher gives its published ciphertext and opens it`(
        _ provider: Provider,
        _ vector: Vector
    ) throws {
        let crypto = provider.crypto
        #expect(crypto.supports(vector.cipher))
        let key = secret(vector.key)
        let sealed = try crypto.seal(
            vector.cipher,
            key: key,
            nonce: vector.nonce,
            authenticating: vector.authenticating,
            plaintext: vector.plaintext.rawSpan
        )
        #expect(sealed == vector.ciphertext)
        let opened = try crypto.open(
            vector.cipher,
            key: key,
            nonce: vector.nonce,
            authenticating: vector.authenticating,
            ciphertext: sealed.rawSpan
        )
        #expect(opened.revealed() == vector.plaintext)
    }

    @Test(arguments: Provider.allCases, vectors)
    func `a flipped bit, anywhere, is not authentic`(_ provider: Provider, _ vector: Vector) {
        let crypto = provider.crypto
        for index in vector.ciphertext.indices {
            var changed = vector
            var ciphertext = vector.ciphertext
            ciphertext[index] ^= 1 << UInt8(index % 8)
            changed = changed.with(ciphertext: ciphertext)
            #expect(throws: CryptoError.notAuthentic) { try changed.open(crypto) }
        }
        var key = vector.key
        key[3] ^= 4
        var nonce = vector.nonce
        nonce[11] ^= 1
        for changed in [
            vector.with(key: key), vector.with(nonce: nonce),
            vector.with(authenticating: vector.authenticating + [0]),
            vector.with(authenticating: Array(vector.authenticating.dropLast())),
            vector.with(authenticating: []),
        ] {
            #expect(throws: CryptoError.notAuthentic) { try changed.open(crypto) }
        }
    }

    @Test(arguments: Provider.allCases, vectors)
    func `each truncation, and a byte too many, are not authentic`(
        _ provider: Provider,
        _ vector: Vector
    ) {
        let crypto = provider.crypto
        for count in vector.ciphertext.indices {
            let short = vector.with(ciphertext: Array(vector.ciphertext.prefix(count)))
            #expect(throws: CryptoError.notAuthentic) { try short.open(crypto) }
        }
        let long = vector.with(ciphertext: vector.ciphertext + [0])
        #expect(throws: CryptoError.notAuthentic) { try long.open(crypto) }
    }

    @Test(arguments: Provider.allCases, AEADAlgorithm.allCases)
    func `nothing at all is sealed to a bare tag and opened`(
        _ provider: Provider,
        _ cipher: AEADAlgorithm
    ) throws {
        let crypto = provider.crypto
        let empty = Vector(
            cipher: cipher,
            key: [UInt8](repeating: 1, count: cipher.keyLength),
            nonce: [UInt8](repeating: 2, count: cipher.nonceLength),
            authenticating: [],
            plaintext: [],
            ciphertext: []
        )
        let tag = try crypto.seal(
            cipher,
            key: secret(empty.key),
            nonce: empty.nonce,
            authenticating: [],
            plaintext: empty.plaintext.rawSpan
        )
        #expect(tag.count == cipher.tagLength)
        #expect(try empty.with(ciphertext: tag).open(crypto).isEmpty)
    }

    @Test(arguments: Provider.allCases)
    func `AES-CCM takes 65,535 bytes and refuses one more`(_ provider: Provider) throws {
        let crypto = provider.crypto
        let key = secret([UInt8](repeating: 1, count: 16))
        let nonce = [UInt8](repeating: 2, count: 13)
        let most = [UInt8](repeating: 3, count: 65_535)
        let sealed = try crypto.seal(
            .aesCCM16_128_128,
            key: key,
            nonce: nonce,
            authenticating: [],
            plaintext: most.rawSpan
        )
        #expect(sealed.count == 65_551)
        let more = most + [3]
        #expect(throws: CryptoError.self) {
            try crypto.seal(
                .aesCCM16_128_128,
                key: key,
                nonce: nonce,
                authenticating: [],
                plaintext: more.rawSpan
            )
        }
    }

    @Test func `a key of a wrong length traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = try Provider.mbedTLS.crypto.seal(
                .aes256GCM,
                key: secret([UInt8](repeating: 1, count: 16)),
                nonce: [UInt8](repeating: 2, count: 12),
                authenticating: [],
                plaintext: [UInt8]().rawSpan
            )
        }
    }

    @Test func `a nonce of a wrong length traps`() async {
        await #expect(processExitsWith: .failure) {
            _ = try Provider.boringSSL.crypto.seal(
                .aes256GCM,
                key: secret([UInt8](repeating: 1, count: 32)),
                nonce: [UInt8](repeating: 2, count: 13),
                authenticating: [],
                plaintext: [UInt8]().rawSpan
            )
        }
    }
}

extension `Authenticated ciphers`.Vector {
    func with(
        key: [UInt8]? = nil,
        nonce: [UInt8]? = nil,
        authenticating: [UInt8]? = nil,
        ciphertext: [UInt8]? = nil
    ) -> Self {
        Self(
            cipher: cipher,
            key: key ?? self.key,
            nonce: nonce ?? self.nonce,
            authenticating: authenticating ?? self.authenticating,
            plaintext: plaintext,
            ciphertext: ciphertext ?? self.ciphertext
        )
    }

    @discardableResult
    func open(_ crypto: any Crypto) throws -> [UInt8] {
        try crypto.open(
            cipher,
            key: secret(key),
            nonce: nonce,
            authenticating: authenticating,
            ciphertext: ciphertext.rawSpan
        ).revealed()
    }
}
