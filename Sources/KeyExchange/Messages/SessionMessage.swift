internal import CBOR
internal import Secrets

/// One message of a session, as plaintext inside its COSE_Encrypt0.
protocol SessionMessage {
    /// Which message it is.
    static var type: MessageType { get }
    /// Writes the deterministic encoding.
    func encode(into writer: inout CBORWriter)
    /// Reads what `encode` wrote, and refuses everything else.
    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Self
}

extension SessionMessage {
    /// Reads a whole plaintext.
    static func parse(_ plaintext: RawSpan) throws(MessageError) -> Self {
        var reader = CBORReader(plaintext)
        let message = try decode(from: &reader)
        do { try reader.end() } catch { throw MessageError(error) }
        return message
    }
}

extension Secret {
    /// Reads a decrypted message.
    borrowing func parse<Message: SessionMessage>(
        _ type: Message.Type
    ) throws(MessageError) -> Message {
        try withBytes { bytes throws(MessageError) in try Message.parse(bytes) }
    }
}

/// A session message of any type, for tests that know no types.
package enum AnyMessage {
    /// Reads a plaintext and writes it again: the same bytes, or it is two encodings of one message.
    package static func rewrite(_ plaintext: [UInt8]) throws(MessageError) -> [UInt8] {
        switch try MessageType(of: Secret(copying: plaintext.rawSpan)) {
        case .report: try rewrite(plaintext, as: Report.self)
        case .offer: try rewrite(plaintext, as: Offer.self)
        case .confirm: try rewrite(plaintext, as: Confirm.self)
        case .settle: try rewrite(plaintext, as: Settle.self)
        case .retire: try rewrite(plaintext, as: Retire.self)
        case .receipt: try rewrite(plaintext, as: Receipt.self)
        case .problem: try rewrite(plaintext, as: Problem.self)
        }
    }

    private static func rewrite<Message: SessionMessage>(
        _ plaintext: [UInt8],
        as type: Message.Type
    ) throws(MessageError) -> [UInt8] {
        var writer = CBORWriter()
        try Message.parse(plaintext.rawSpan).encode(into: &writer)
        return writer.finish()
    }
}

extension MessageType {
    /// The type of a decrypted message, which is its first item.
    init(of plaintext: borrowing Secret) throws(MessageError) {
        self = try plaintext.withBytes { bytes throws(MessageError) in
            var reader = CBORReader(bytes)
            do throws(CBORError) { _ = try reader.array() } catch { throw MessageError(error) }
            let number = try reader.number()
            guard let type = MessageType(rawValue: number) else {
                throw MessageError("unknown message \(number)")
            }
            return type
        }
    }
}

extension CBORWriter {
    /// Writes free text, cut to what a reader accepts.
    mutating func shortText(_ text: String) {
        var text = text
        while text.utf8.count > MessageLimits.text { text.removeLast() }
        self.text(text)
    }
}

// The reader's own errors become `MessageError`, so that a parser has one kind of failure.
extension CBORReader {
    @_lifetime(self: copy self)
    mutating func message(_ type: MessageType, items: Int) throws(MessageError) {
        _ = try message(type, items: [items])
    }

    /// Begins a message that grew: how many items it has of the numbers that it may have, ascending.
    @_lifetime(self: copy self)
    mutating func message(
        _ type: MessageType,
        items lengths: [Int]
    ) throws(MessageError) -> Int {
        let longest = lengths.last ?? 0
        let count = try list(atMost: longest)
        guard lengths.contains(count) else {
            throw MessageError("want \(type) of \(longest) items, have \(count)")
        }
        let found = try number()
        guard found == type.rawValue else {
            throw MessageError("want \(type), have message \(found)")
        }
        return count
    }

    @_lifetime(self: copy self)
    mutating func number() throws(MessageError) -> UInt64 {
        do { return try unsigned() } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func flag() throws(MessageError) -> Bool {
        do { return try bool() } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func seconds() throws(MessageError) -> UInt32 {
        do { return UInt32(try unsigned(in: 0...UInt64(UInt32.max))) } catch {
            throw MessageError(error)
        }
    }

    /// A number of 32 bits that counts no seconds.
    @_lifetime(self: copy self)
    mutating func word() throws(MessageError) -> UInt32 { try seconds() }

    @_lifetime(self: copy self)
    mutating func shortText() throws(MessageError) -> String {
        do { return try text(maximum: MessageLimits.text) } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func bytes(exactly count: Int) throws(MessageError) -> [UInt8] {
        do { return try bytes(count: count) } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func bytes(atMost limit: Int) throws(MessageError) -> [UInt8] {
        do { return try bytes(count: 0...limit) } catch { throw MessageError(error) }
    }

    /// Whether the next item is `null`, which is then read.
    @_lifetime(self: copy self)
    mutating func isNull() throws(MessageError) -> Bool {
        guard nextByte == 0xf6 else { return false }
        do { try skip() } catch { throw MessageError(error) }
        return true
    }

    @_lifetime(self: copy self)
    mutating func list(of expected: Int) throws(MessageError) {
        do { try array(expected) } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func list(atMost limit: Int) throws(MessageError) -> Int {
        let count: Int
        do { count = try array() } catch { throw MessageError(error) }
        guard count <= limit else {
            throw MessageError("want at most \(limit) items, have \(count)")
        }
        return count
    }

    @_lifetime(self: copy self)
    mutating func keyName() throws(MessageError) -> KeyName {
        let text = try shortText()
        do { return try KeyName(parsing: text) } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    mutating func epoch() throws(MessageError) -> Epoch {
        let number = try seconds()
        guard let epoch = Epoch(number) else { throw MessageError("epochs begin with 1, have 0") }
        return epoch
    }

    @_lifetime(self: copy self)
    mutating func operation() throws(MessageError) -> OperationID {
        let bytes = try bytes(exactly: OperationID.length)
        guard let operation = OperationID(bytes: bytes) else {
            preconditionFailure("the length was checked")
        }
        return operation
    }
}
