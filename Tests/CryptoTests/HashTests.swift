import EDHOC
import Secrets
import Testing

@Suite struct `Hashes, HMAC and HKDF` {
    /// FIPS 180-4 examples: "", "abc" and the two-block messages.
    @Test(arguments: Provider.allCases)
    func `SHA-256 and SHA-384 give the digests of FIPS 180`(_ provider: Provider) {
        let crypto = provider.crypto
        let vectors: [(HashAlgorithm, String, String)] = [
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                .sha384, "abc",
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                    + "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
            ),
            (
                .sha384,
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "09330c33f71147e83d192fc782cd1b4753111b173b3b05d2"
                    + "2fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"
            ),
        ]
        for (algorithm, message, digest) in vectors {
            let message = Array(message.utf8)
            #expect(crypto.hash(algorithm, message.rawSpan) == hex(digest))
        }
    }

    /// RFC 4231 test cases 1, 2 and 6 (a key longer than a block of SHA-256 and SHA-384).
    @Test(arguments: Provider.allCases)
    func `HMAC gives the tags of RFC 4231`(_ provider: Provider) {
        let crypto = provider.crypto
        let vectors: [([UInt8], String, String, String)] = [
            (
                [UInt8](repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6"
                    + "82aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"
            ),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
                    + "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f"
                    + "3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"
            ),
        ]
        for (key, message, sha256, sha384) in vectors {
            let message = Array(message.utf8)
            let key = secret(key)
            #expect(
                crypto.authenticate(.sha256, key: key, message: message.rawSpan) == hex(sha256)
            )
            #expect(
                crypto.authenticate(.sha384, key: key, message: message.rawSpan) == hex(sha384)
            )
        }
    }

    struct Derivation: Sendable {
        var hash = HashAlgorithm.sha256
        let input, salt, info: [UInt8]
        let pseudoRandomKey, output: String
    }

    static let derivations = [
        // RFC 5869 A.1.
        Derivation(
            input: [UInt8](repeating: 0x0B, count: 22),
            salt: Array(0x00...0x0C),
            info: Array(0xF0...0xF9),
            pseudoRandomKey: "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                + "34007208d5b887185865"
        ),
        // RFC 5869 A.2: longer than one digest each.
        Derivation(
            input: Array(0x00...0x4F),
            salt: Array(0x60...0xAF),
            info: Array(0xB0...0xFF),
            pseudoRandomKey: "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                + "cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        // RFC 5869 A.3: no salt, no info.
        Derivation(
            input: [UInt8](repeating: 0x0B, count: 22),
            salt: [],
            info: [],
            pseudoRandomKey: "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                + "9d201395faa4b61a96c8"
        ),
        // Not published: the inputs of A.1 with SHA-384 and 100 bytes out, computed with OpenSSL.
        Derivation(
            hash: .sha384,
            input: [UInt8](repeating: 0x0B, count: 22),
            salt: Array(0x00...0x0C),
            info: Array(0xF0...0xF9),
            pseudoRandomKey: "704b39990779ce1dc548052c7dc39f303570dd13fb39f7ac"
                + "c564680bef80e8dec70ee9a7e1f3e293ef68eceb072a5ade",
            output: "9b5097a86038b805309076a44b3a9f38063e25b516dcbf369f394cfab43685f7"
                + "48b6457763e4f0204fc5d95d1da3e62587b22eb8943d0fab6bb631a2fe9df1a6"
                + "8c6ce5d56116a52005b3f122b88b39b7251fcd6c44d3ef25f20ed96802bf1b2c"
                + "1d98bf74"
        ),
    ]

    @Test(arguments: Provider.allCases, derivations)
    func `HKDF gives the keys of RFC 5869`(_ provider: Provider, _ vector: Derivation) {
        let crypto = provider.crypto
        let key = crypto.extract(
            vector.hash,
            salt: vector.salt.rawSpan,
            inputKey: secret(vector.input)
        )
        #expect(key.revealed() == hex(vector.pseudoRandomKey))
        let expected = hex(vector.output)
        let output = crypto.expand(
            vector.hash,
            key: key,
            info: vector.info.rawSpan,
            count: expected.count
        )
        #expect(output.revealed() == expected)
    }

    @Test(arguments: Provider.allCases)
    func `HKDF expands to any length up to 255 digests, each a prefix of the next`(
        _ provider: Provider
    ) {
        let crypto = provider.crypto
        let info = Array("info".utf8)
        let key = secret([UInt8](repeating: 7, count: 32))
        let longest = crypto.expand(.sha256, key: key, info: info.rawSpan, count: 255 * 32)
            .revealed()
        for count in [0, 1, 31, 32, 33, 64, 8159] {
            let output = crypto.expand(.sha256, key: key, info: info.rawSpan, count: count)
            #expect(output.revealed() == Array(longest.prefix(count)))
        }
    }

    @Test func `asking HKDF for more than 255 digests traps`() async {
        await #expect(processExitsWith: .failure) { expand(.mbedTLS, keyOf: 32, to: 8161) }
        await #expect(processExitsWith: .failure) { expand(.boringSSL, keyOf: 32, to: 8161) }
    }

    @Test func `expanding a key shorter than a digest traps`() async {
        await #expect(processExitsWith: .failure) { expand(.mbedTLS, keyOf: 31, to: 32) }
        await #expect(processExitsWith: .failure) { expand(.boringSSL, keyOf: 31, to: 32) }
    }
}

private func expand(_ provider: Provider, keyOf length: Int, to count: Int) {
    let info: [UInt8] = []
    _ = provider.crypto.expand(
        .sha256,
        key: secret([UInt8](repeating: 1, count: length)),
        info: info.rawSpan,
        count: count
    )
}
