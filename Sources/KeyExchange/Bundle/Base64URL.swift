internal import Secrets

/// Base64 with the alphabet of RFC 4648 § 5 and without padding, over memory that is wiped.
enum Base64URL {
    /// The text of `bytes`.
    static func encode(_ bytes: RawSpan) -> Secret {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8
        )
        return Secret(count: (bytes.byteCount * 4 + 2) / 3) { output in
            var bits: UInt32 = 0
            var held: UInt32 = 0
            for index in bytes.byteOffsets {
                bits = bits << 8 | UInt32(bytes[byte: index])
                held += 8
                while held >= 6 {
                    held -= 6
                    output.append(alphabet[Int(bits >> held & 63)])
                }
            }
            if held > 0 { output.append(alphabet[Int(bits << (6 - held) & 63)]) }
        }
    }

    /// The bytes of a text; nil for a character outside of the alphabet and for a text that no bytes
    /// encode to.
    static func decode(_ text: RawSpan) -> Secret? {
        guard text.byteCount % 4 != 1 else { return nil }
        let decoded: Secret?
        do throws(Foreign) {
            decoded = try Secret(count: text.byteCount * 3 / 4) { output throws(Foreign) in
                var bits: UInt32 = 0
                var held: UInt32 = 0
                for index in text.byteOffsets {
                    guard let value = value(of: text[byte: index]) else { throw Foreign() }
                    bits = bits << 6 | UInt32(value)
                    held += 6
                    guard held >= 8 else { continue }
                    held -= 8
                    output.append(UInt8(truncatingIfNeeded: bits >> held))
                }
                // Two texts for the same bytes would be two bundles for one.
                guard bits & (1 << held - 1) == 0 else { throw Foreign() }
            }
        } catch {
            decoded = nil
        }
        return decoded
    }

    private struct Foreign: Error {}

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
