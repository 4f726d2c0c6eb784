internal import Secrets
internal import Synchronization

/// Every secret that was ever made in one run, so that none is found where it must not be.
final class Ledger: Sendable {
    /// A secret is recognised by its first 8 bytes: none of its own would match by chance.
    private static let width = 8

    private struct Beginnings {
        var all: Set<UInt64> = []
        /// Which last 16 bits occur: most windows are ruled out by one look.
        var ends = [Bool](repeating: false, count: 1 << 16)
    }

    private let beginnings = Mutex(Beginnings())

    func add(_ secret: borrowing Secret) {
        guard secret.count >= 2 * Self.width else { return }
        let beginning = secret.withBytes { bytes in
            (0..<Self.width).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[byte: $1]) }
        }
        beginnings.withLock { beginnings in
            beginnings.all.insert(beginning)
            beginnings.ends[Int(beginning & 0xffff)] = true
        }
    }

    /// Whether a secret stands somewhere in these bytes in the clear.
    func isIn(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= Self.width else { return false }
        return beginnings.withLock { beginnings in
            var window: UInt64 = 0
            for (index, byte) in bytes.enumerated() {
                window = window << 8 | UInt64(byte)
                guard beginnings.ends[Int(window & 0xffff)], index >= Self.width - 1 else {
                    continue
                }
                if beginnings.all.contains(window) { return true }
            }
            return false
        }
    }

    /// Whether a secret stands in a text as hexadecimal digits.
    func isWritten(in text: String) -> Bool {
        var run: [UInt8] = []
        for byte in text.utf8 {
            guard let digit = Self.digit(byte) else {
                if holds(run) { return true }
                run.removeAll(keepingCapacity: true)
                continue
            }
            run.append(digit)
        }
        return holds(run)
    }

    private func holds(_ digits: [UInt8]) -> Bool {
        guard digits.count >= 2 * Self.width else { return false }
        return [0, 1].contains { offset in
            let pairs = stride(from: offset, to: digits.count - 1, by: 2)
            return isIn(pairs.map { digits[$0] << 4 | digits[$0 + 1] })
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
