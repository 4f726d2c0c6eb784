internal import Glibc

/// Bytes of a key: never copied, never printed, wiped when their owner is done with them.
///
/// The bytes are lent as a span that cannot outlive the loan. Printing a `Secret`, interpolating it
/// or storing it in a copyable type does not compile.
// Sendable: the memory has one owner, and only ever moves.
@safe public struct Secret: ~Copyable, @unchecked Sendable {
    private let bytes: UnsafeMutableRawBufferPointer

    /// Makes a secret of exactly `count` bytes, written in place by `fill`.
    ///
    /// `fill` must write all of them; a short write is a fault of the caller and traps.
    public init<Failure: Error>(
        count: Int,
        fill: (inout OutputRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        unsafe self.bytes = unsafe memory
        var span = unsafe OutputRawSpan(buffer: memory, initializedCount: 0)
        // When `fill` throws, what it wrote dies with `self`, whose `deinit` wipes it.
        try fill(&span)
        let written = unsafe span.finalize(for: memory)
        precondition(written == count, "a secret was filled with fewer bytes than it holds")
    }

    /// Copies bytes that are lent by another owner.
    public init(copying source: RawSpan) {
        self.init(count: source.byteCount) { output in
            for index in source.byteOffsets {
                output.append(source[byte: index])
            }
        }
    }

    /// Takes bytes over from an array and wipes the array's storage.
    public init(taking source: inout [UInt8]) {
        self.init(copying: source.rawSpan)
        source.wipe()
    }

    deinit {
        if let start = unsafe bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
        unsafe bytes.deallocate()
    }

    /// How many bytes it holds.
    public var count: Int { unsafe bytes.count }

    /// Lends the bytes for the length of `body`.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
    }

    /// Compares in a time that depends on the lengths alone.
    public borrowing func isEqual(to other: borrowing Secret) -> Bool {
        withBytes { mine in other.withBytes { theirs in constantTimeEqual(mine, theirs) } }
    }

    /// A second owner of equal bytes, for the few places that need one.
    public borrowing func duplicate() -> Secret {
        withBytes { Secret(copying: $0) }
    }
}

/// Whether two runs of bytes are equal, in a time that depends on their lengths alone.
public func constantTimeEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    var difference: UInt8 = 0
    for index in left.byteOffsets {
        difference |= left[byte: index] ^ right[byte: index]
    }
    return difference == 0
}

extension RawSpan {
    /// One byte; an offset out of bounds traps.
    public subscript(byte offset: Int) -> UInt8 {
        // Safe: every bit pattern is a `UInt8`, and the offset is checked.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}

extension [UInt8] {
    /// The array's bytes, lent.
    public var rawSpan: RawSpan {
        // Safe: a `UInt8` has no padding.
        @_lifetime(borrow self) get { unsafe span.bytes }
    }

    /// Copies bytes that are lent by another owner.
    public init(copying source: RawSpan) {
        self = unsafe source.withUnsafeBytes { unsafe Array($0) }
    }

    /// Overwrites the storage with zeros in a way that the optimiser must keep, and empties it.
    public mutating func wipe() {
        unsafe withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
        }
        removeAll()
    }
}
