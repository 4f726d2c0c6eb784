internal import CBOR
public import EDHOC
internal import Secrets

/// One MQTT payload: a CBOR sequence, framed as RFC 9528 § 3.4.1 says for carriers without correlation.
///
///     up-start = (true, message_1)
///     frame    = (C_x, ? handshake: bstr, ? sealed: COSE_Encrypt0)  ; at least one of both
///     error    = (C_x, ERR_CODE: int, ERR_INFO: any)
///
/// C_x is the connection identifier that the receiver chose.
public enum Frame: Hashable, Sendable {
    /// A device begins: message_1.
    case start([UInt8])
    /// The session goes on: a handshake message as its encoded byte string, a session message, or both.
    case next(ConnectionID, handshake: [UInt8]?, sealed: [UInt8]?)
    /// An EDHOC error message, not authenticated: a hint.
    case error(ConnectionID, EDHOCErrorMessage)

    /// Reads a payload; bounded before anything is looked at.
    public init(parsing payload: [UInt8]) throws(MessageError) {
        guard payload.count <= MessageLimits.payload else {
            throw MessageError(
                "want at most \(MessageLimits.payload) bytes, have \(payload.count)"
            )
        }
        do {
            self = try Self.parse(payload)
        } catch let error as CBORError {
            throw MessageError(error)
        } catch let error as EDHOCError {
            throw MessageError(error.description)
        } catch {
            throw MessageError("\(error)")
        }
    }

    private static func parse(_ payload: [UInt8]) throws -> Frame {
        var reader = CBORReader(payload.rawSpan)
        if reader.nextByte == 0xf5 {
            return .start(Array(payload.dropFirst()))
        }
        let connection = try ConnectionID(encoded: try reader.item())
        switch try reader.peek() {
        case .bytes:
            let handshake = try reader.item()
            let sealed = reader.isAtEnd ? nil : try reader.sealedItem()
            try reader.end()
            return .next(connection, handshake: handshake, sealed: sealed)
        case .array:
            let sealed = try reader.sealedItem()
            try reader.end()
            return .next(connection, handshake: nil, sealed: sealed)
        case .unsigned:
            let error = Array(payload.dropFirst(reader.position))
            return .error(connection, try EDHOCErrorMessage(encoded: error))
        case let other:
            throw CBORError(.wrongType, "want a message, have \(other)")
        }
    }

    /// The payload.
    public var encoded: [UInt8] {
        switch self {
        case .start(let message): [0xf5] + message
        case .next(let connection, let handshake, let sealed):
            connection.encoded + (handshake ?? []) + (sealed ?? [])
        case .error(let connection, let message): connection.encoded + message.encoded
        }
    }
}

extension Frame {
    /// The error message for a message_1 that is refused; nil when no C_I can be read out of it.
    public static func refusal(of message1: [UInt8], because error: EDHOCError) -> Frame? {
        do {
            var reader = CBORReader(message1.rawSpan)
            _ = try reader.integer()
            try reader.skip()
            _ = try reader.bytes()
            let connection = try ConnectionID(encoded: try reader.item())
            return .error(connection, error.errorMessage)
        } catch {
            return nil
        }
    }
}

extension CBORReader {
    @_lifetime(self: copy self)
    fileprivate mutating func sealedItem() throws(CBORError) -> [UInt8] {
        guard try peek() == .array else {
            throw CBORError(.wrongType, "want a COSE_Encrypt0, have \(try peek())")
        }
        return try item()
    }
}
