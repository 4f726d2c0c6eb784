import BoringCrypto
import EDHOC
import MbedCrypto
import Secrets

/// The adapters, each of which runs every test.
enum Provider: String, CaseIterable, CustomStringConvertible {
    case mbedTLS
    case boringSSL

    var description: String { rawValue }

    var crypto: any Crypto { crypto(entropy: [KernelEntropy()]) }

    func crypto(entropy: [any EntropySource]) -> any Crypto {
        let mbed = MbedCrypto(entropy: entropy)
        return switch self {
        case .mbedTLS: mbed
        case .boringSSL: BoringCrypto(borrowing: mbed)
        }
    }
}

/// Bytes from hexadecimal digits; a slip in a vector traps.
func hex(_ digits: String) -> [UInt8] {
    let nibbles = digits.filter { !$0.isWhitespace }.map { digit in
        guard let value = digit.hexDigitValue else { fatalError("not hexadecimal: \(digit)") }
        return UInt8(value)
    }
    precondition(nibbles.count.isMultiple(of: 2), "half a byte")
    return stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
}

func secret(_ bytes: [UInt8]) -> Secret {
    Secret(copying: bytes.rawSpan)
}

extension Secret {
    /// The bytes in the clear, for comparison with a vector.
    borrowing func revealed() -> [UInt8] {
        withBytes { [UInt8](copying: $0) }
    }
}

extension Curve {
    /// The field's prime (RFC 7748, SEC 2), big-endian but for X25519.
    var prime: [UInt8] {
        switch self {
        case .x25519: hex("ed") + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
        case .p256:
            hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
        case .p384:
            hex(
                "ffffffffffffffffffffffffffffffffffffffffffffffff"
                    + "fffffffffffffffeffffffff0000000000000000ffffffff"
            )
        }
    }

    /// The order of the generator of a NIST curve (SEC 2).
    var order: [UInt8] {
        switch self {
        case .x25519: preconditionFailure("clamped scalars have no upper bound to meet")
        case .p256:
            hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        case .p384:
            hex(
                "ffffffffffffffffffffffffffffffffffffffffffffffff"
                    + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
            )
        }
    }

    static let nist: [Curve] = [.p256, .p384]
}

/// A pseudo-random sequence (SplitMix64) whose seed a failing test can print.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}

/// A big-endian number and a small one, with carries.
func added(_ number: [UInt8], _ small: UInt8) -> [UInt8] {
    var sum = number
    var carry = UInt16(small)
    for index in sum.indices.reversed() {
        carry += UInt16(sum[index])
        sum[index] = UInt8(truncatingIfNeeded: carry)
        carry >>= 8
    }
    return sum
}
