internal import Crypto
internal import EDHOC
internal import KeyExchange
internal import Registry
internal import Secrets

/// One line of mosquitto's password file: `name:$6$salt$digest`, both in base64.
///
/// `$6$` is one SHA-512 over password ‖ salt. Passwords here are 192 random bits, which no search finds,
/// so stretching them would only cost the broker time at each reconnect.
enum BrokerAccountLine {
    /// The part after the name, for the password that a session derived.
    static func hash(
        _ password: KeyMaterial,
        _ crypto: any EDHOC.Crypto
    ) throws(RegistryError) -> String {
        hash(text: BrokerPassword.text(password), try salt(crypto))
    }

    /// The part after the name, for a password that is text already.
    static func hash(
        text: borrowing Secret,
        crypto: any EDHOC.Crypto
    ) throws(RegistryError) -> String {
        hash(text: text, try salt(crypto))
    }

    private static func salt(_ crypto: any EDHOC.Crypto) throws(RegistryError) -> [UInt8] {
        do { return try crypto.randomBytes(12) } catch {
            throw RegistryError(.failed, "no random numbers for a salt")
        }
    }

    private static func hash(text: borrowing Secret, _ salt: [UInt8]) -> String {
        var digest = SHA512()
        text.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe digest.update(bufferPointer: $0) }
        }
        digest.update(data: salt)
        return "$6$\(base64(salt))$\(base64(Array(digest.finalize())))"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        )
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { sum, offset in
                sum << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0)
            }
            for place in 0..<4 {
                let isPadding = place > group.count
                text.append(
                    isPadding
                        ? UInt8(ascii: "=") : digits[Int(bits >> UInt32(18 - 6 * place)) & 63]
                )
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
