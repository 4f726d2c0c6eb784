internal import Glibc
public import Secrets

/// Writes CBOR in the core deterministic encoding of RFC 8949 § 4.2.1.
///
/// Every head is the shortest one and every length is definite. The caller writes the keys of a map
/// in bytewise order of their encodings. The storage is wiped when it grows and when the writer ends,
/// so key material may pass through it; `finishSecret()` hands it over without another copy in the clear.
@safe public struct CBORWriter: ~Copyable {
    private var storage: UnsafeMutableRawBufferPointer
    private var count = 0

    /// Makes an empty writer with room for `capacity` bytes; it grows when more are written.
    public init(capacity: Int = 256) {
        unsafe storage = .allocate(byteCount: max(capacity, 16), alignment: 1)
    }

    deinit {
        if let start = unsafe storage.baseAddress { unsafe explicit_bzero(start, storage.count) }
        unsafe storage.deallocate()
    }

    /// An unsigned integer.
    public mutating func unsigned(_ value: UInt64) { head(.unsigned, value) }

    /// An integer, negative or not.
    public mutating func integer(_ value: Int) {
        if value >= 0 {
            head(.unsigned, UInt64(value))
        } else {
            head(.negative, UInt64(-1 - Int64(value)))
        }
    }

    /// A byte string.
    public mutating func bytes(_ value: [UInt8]) { bytes(value.rawSpan) }

    /// A byte string that another owner lends.
    public mutating func bytes(_ value: RawSpan) {
        head(.bytes, UInt64(value.byteCount))
        encoded(value)
    }

    /// A text string.
    public mutating func text(_ value: String) {
        let utf8 = Array(value.utf8)
        head(.text, UInt64(utf8.count))
        encoded(utf8)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) { head(.simple, value ? 21 : 20) }

    /// `null`.
    public mutating func null() { head(.simple, 22) }

    /// The head of an array: exactly `count` items follow.
    public mutating func array(_ count: Int) { head(.array, UInt64(count)) }

    /// The head of a map: exactly `count` pairs follow, keys in bytewise order.
    public mutating func map(_ count: Int) { head(.map, UInt64(count)) }

    /// Bytes that are CBOR already, such as a stored credential.
    public mutating func encoded(_ item: [UInt8]) { encoded(item.rawSpan) }

    /// Bytes that are CBOR already and that another owner lends.
    public mutating func encoded(_ item: RawSpan) {
        guard item.byteCount > 0 else { return }
        reserve(item.byteCount)
        unsafe item.withUnsafeBytes { source in
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...])
            unsafe target.copyMemory(from: source)
        }
        count += item.byteCount
    }

    /// The bytes written so far, lent.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(
            unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: storage[..<count]))
        )
    }

    /// Everything written, as plain bytes.
    public consuming func finish() -> [UInt8] {
        withBytes { [UInt8](copying: $0) }
    }

    /// Everything written, as a secret; the writer's own storage is wiped.
    public consuming func finishSecret() -> Secret {
        withBytes { Secret(copying: $0) }
    }

    private mutating func head(_ major: CBORMajorType, _ argument: UInt64) {
        let size = CBORHead.size(of: argument)
        reserve(size)
        let type = major.rawValue << 5
        switch size {
        case 1: put(type | UInt8(truncatingIfNeeded: argument))
        case 2: put(type | 24)
        case 3: put(type | 25)
        case 5: put(type | 26)
        default: put(type | 27)
        }
        for index in stride(from: size - 2, through: 0, by: -1) {
            put(UInt8(truncatingIfNeeded: argument >> (8 * UInt64(index))))
        }
    }

    private mutating func put(_ byte: UInt8) {
        unsafe storage[count] = byte
        count += 1
    }

    private mutating func reserve(_ extra: Int) {
        let needed = count + extra
        let capacity = unsafe storage.count
        guard needed > capacity else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(needed, capacity * 2),
            alignment: 1
        )
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
        if let start = unsafe storage.baseAddress { unsafe explicit_bzero(start, capacity) }
        unsafe storage.deallocate()
        unsafe storage = larger
    }
}

extension CBORWriter {
    /// Writes with `body` and returns plain bytes.
    public static func encode(_ body: (inout CBORWriter) -> Void) -> [UInt8] {
        var writer = CBORWriter()
        body(&writer)
        return writer.finish()
    }
}
