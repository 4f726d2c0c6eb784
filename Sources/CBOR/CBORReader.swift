public import Secrets

/// Reads deterministically encoded CBOR (RFC 8949 § 4.2.1) from lent bytes, never past its limits.
///
/// Anything that is not the one deterministic encoding is refused, so equal values have equal bytes.
/// `position` and `bytes(from:)` give back exactly what was received: transcripts hash those bytes,
/// never a re-encoding.
public struct CBORReader: ~Escapable {
    /// The most that a reader lets an input claim.
    public struct Limits: Sendable {
        /// Bytes in one byte or text string.
        public var length: Int
        /// Items in one array, or pairs in one map.
        public var count: Int
        /// Arrays and maps inside one another, as `skip()` follows them.
        public var depth: Int

        /// States each limit.
        public init(length: Int = 4096, count: Int = 64, depth: Int = 6) {
            self.length = length
            self.count = count
            self.depth = depth
        }
    }

    private let input: RawSpan
    private let limits: Limits
    /// How many bytes have been read.
    public private(set) var position = 0

    /// Starts at the first byte of `input`.
    @_lifetime(copy input)
    public init(_ input: RawSpan, limits: Limits = Limits()) {
        self.input = input
        self.limits = limits
    }

    /// Whether every byte has been read.
    public var isAtEnd: Bool { position == input.byteCount }

    /// The type of the next item, which is not read.
    public func peek() throws(CBORError) -> CBORMajorType {
        guard position < input.byteCount else {
            throw CBORError(.truncated, "want an item, have the end of the input")
        }
        guard let major = CBORMajorType(rawValue: input[byte: position] >> 5) else {
            preconditionFailure("three bits hold eight values")
        }
        return major
    }

    /// The first byte of the next item, or nil at the end.
    public var nextByte: UInt8? { isAtEnd ? nil : input[byte: position] }

    /// An unsigned integer.
    @_lifetime(self: copy self)
    public mutating func unsigned() throws(CBORError) -> UInt64 {
        try head(of: .unsigned)
    }

    /// An unsigned integer in a range.
    @_lifetime(self: copy self)
    public mutating func unsigned(in range: ClosedRange<UInt64>) throws(CBORError) -> UInt64 {
        let value = try unsigned()
        guard range.contains(value) else {
            throw CBORError(.limit, "want a number in \(range), have \(value)")
        }
        return value
    }

    /// An integer, negative or not, that fits `Int`.
    @_lifetime(self: copy self)
    public mutating func integer() throws(CBORError) -> Int {
        let head = try head()
        guard let magnitude = Int(exactly: head.argument) else {
            throw CBORError(.limit, "want an integer of 63 bits, have a longer one")
        }
        switch head.major {
        case .unsigned: return magnitude
        case .negative: return -1 - magnitude
        case .bytes, .text, .array, .map, .tag, .simple:
            throw CBORError(.wrongType, "want an integer, have \(head.major)")
        }
    }

    /// A byte string, copied.
    @_lifetime(self: copy self)
    public mutating func bytes() throws(CBORError) -> [UInt8] {
        let count = try length(of: .bytes)
        return take(count)
    }

    /// A byte string of exactly `count` bytes, copied.
    @_lifetime(self: copy self)
    public mutating func bytes(count: Int) throws(CBORError) -> [UInt8] {
        try bytes(count: count...count)
    }

    /// A byte string whose length is in a range, copied.
    @_lifetime(self: copy self)
    public mutating func bytes(count range: ClosedRange<Int>) throws(CBORError) -> [UInt8] {
        let count = try length(of: .bytes, in: range)
        return take(count)
    }

    /// A byte string of key material, copied into a `Secret` and nowhere else.
    @_lifetime(self: copy self)
    public mutating func secret(count range: ClosedRange<Int>) throws(CBORError) -> Secret {
        let count = try length(of: .bytes, in: range)
        let secret = Secret(copying: input.extracting(position..<position + count))
        position += count
        return secret
    }

    /// A text string of at most `maximum` bytes.
    @_lifetime(self: copy self)
    public mutating func text(maximum: Int) throws(CBORError) -> String {
        let count = try length(of: .text, in: 0...maximum)
        guard let text = String(validating: take(count), as: UTF8.self) else {
            throw CBORError(.notText, "want UTF-8, have other bytes")
        }
        return text
    }

    /// `true` or `false`.
    @_lifetime(self: copy self)
    public mutating func bool() throws(CBORError) -> Bool {
        switch try head(of: .simple) {
        case 20: return false
        case 21: return true
        case let other: throw CBORError(.wrongType, "want a boolean, have simple value \(other)")
        }
    }

    /// The head of an array: how many items follow.
    @_lifetime(self: copy self)
    public mutating func array() throws(CBORError) -> Int {
        try count(of: .array)
    }

    /// The head of an array of exactly `expected` items.
    @_lifetime(self: copy self)
    public mutating func array(_ expected: Int) throws(CBORError) {
        let count = try array()
        guard count == expected else {
            throw CBORError(.limit, "want an array of \(expected), have \(count)")
        }
    }

    /// The head of a map: how many pairs follow.
    ///
    /// The caller reads known keys in ascending order; `skip()` checks the order of the maps that it
    /// passes over.
    @_lifetime(self: copy self)
    public mutating func map() throws(CBORError) -> Int {
        try count(of: .map)
    }

    /// Passes over one item of any allowed type and checks that it is deterministic all the way down.
    @_lifetime(self: copy self)
    public mutating func skip() throws(CBORError) {
        try skip(depth: limits.depth)
    }

    /// Passes over one item and returns its bytes exactly as they came.
    @_lifetime(self: copy self)
    public mutating func item() throws(CBORError) -> [UInt8] {
        let start = position
        try skip()
        return bytes(from: start)
    }

    /// The bytes between an earlier `position` and this one, exactly as they came.
    public func bytes(from start: Int) -> [UInt8] {
        [UInt8](copying: input.extracting(start..<position))
    }

    /// Refuses input that goes on.
    public func end() throws(CBORError) {
        guard isAtEnd else {
            throw CBORError(
                .trailing,
                "want the end, have \(input.byteCount - position) bytes more"
            )
        }
    }

    // MARK: - Heads

    @_lifetime(self: copy self)
    private mutating func head() throws(CBORError) -> CBORHead {
        let major = try peek()
        let additional = input[byte: position] & 0x1f
        let size: Int
        switch additional {
        case 0..<24: size = 0
        case 24: size = 1
        case 25: size = 2
        case 26: size = 4
        case 27: size = 8
        default: throw CBORError(.unsupported, "indefinite length or reserved additional value")
        }
        guard input.byteCount - position > size else {
            throw CBORError(.truncated, "want \(size) bytes of argument, have fewer")
        }
        var argument = UInt64(size == 0 ? additional : 0)
        for offset in 0..<size {
            argument = argument << 8 | UInt64(input[byte: position + 1 + offset])
        }
        switch major {
        case .tag: throw CBORError(.unsupported, "tags are not used")
        case .simple where size > 0 || !(20...22).contains(argument):
            throw CBORError(.unsupported, "floats and simple values past null are not used")
        case .simple, .unsigned, .negative, .bytes, .text, .array, .map: break
        }
        guard CBORHead.size(of: argument) == size + 1 else {
            throw CBORError(.notDeterministic, "an argument is not in its shortest form")
        }
        position += size + 1
        return CBORHead(major: major, argument: argument)
    }

    @_lifetime(self: copy self)
    private mutating func head(of major: CBORMajorType) throws(CBORError) -> UInt64 {
        let found = try peek()
        guard found == major else {
            throw CBORError(.wrongType, "want \(major), have \(found)")
        }
        return try head().argument
    }

    @_lifetime(self: copy self)
    private mutating func count(of major: CBORMajorType) throws(CBORError) -> Int {
        let count = try head(of: major)
        guard count <= UInt64(limits.count) else {
            throw CBORError(.limit, "want at most \(limits.count) items, have \(count)")
        }
        return Int(count)
    }

    @_lifetime(self: copy self)
    private mutating func length(
        of major: CBORMajorType,
        in range: ClosedRange<Int>? = nil
    ) throws(CBORError) -> Int {
        let length = try head(of: major)
        let allowed = range ?? 0...limits.length
        guard length <= UInt64(limits.length), allowed.contains(Int(length)) else {
            throw CBORError(.limit, "want \(allowed) bytes, have \(length)")
        }
        guard input.byteCount - position >= Int(length) else {
            throw CBORError(
                .truncated,
                "want \(length) bytes, have \(input.byteCount - position)"
            )
        }
        return Int(length)
    }

    @_lifetime(self: copy self)
    private mutating func take(_ count: Int) -> [UInt8] {
        let start = position
        position += count
        return bytes(from: start)
    }

    @_lifetime(self: copy self)
    private mutating func skip(depth: Int) throws(CBORError) {
        guard depth > 0 else { throw CBORError(.limit, "nested deeper than \(limits.depth)") }
        switch try peek() {
        case .unsigned, .negative, .simple, .tag: _ = try head()
        case .bytes: position += try length(of: .bytes)
        case .text: _ = try text(maximum: limits.length)
        case .array:
            for _ in 0..<(try array()) { try skip(depth: depth - 1) }
        case .map:
            var previous: [UInt8]? = nil
            for _ in 0..<(try map()) {
                let start = position
                try skip(depth: depth - 1)
                let key = bytes(from: start)
                if let previous, !previous.lexicographicallyPrecedes(key) {
                    throw CBORError(.notDeterministic, "map keys out of order, or one twice")
                }
                previous = key
                try skip(depth: depth - 1)
            }
        }
    }
}
