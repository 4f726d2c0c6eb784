internal import Secrets

/// The password of a device's account at the broker, derived by both sides of an enrolment.
public enum BrokerPassword {
    /// Bytes from the exporter.
    public static let length = 24

    /// The password as text: base64url (RFC 4648 § 5) without padding, 32 characters.
    ///
    /// The text is secret too: it goes to the broker's account or connection and nowhere else.
    public static func text(_ material: KeyMaterial) -> [UInt8] {
        let digits = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        return material.secret.withBytes { bytes in
            var text: [UInt8] = []
            for start in stride(from: 0, to: bytes.byteCount, by: 3) {
                let group = (0..<3).reduce(UInt32(0)) { sum, offset in
                    sum << 8 | UInt32(bytes[byte: start + offset])
                }
                for shift in [18, 12, 6, 0] { text.append(digits[Int(group >> UInt32(shift)) & 63]) }
            }
            return text
        }
    }
}
