internal import ArgumentParser
internal import EDHOC
internal import FoundationEssentials
internal import Glibc

/// The last line of a handshake that succeeded; the names are those of the command's contract.
struct Report: Encodable {
    let prk_out: String
    let exporter0: String
    let suite: Int
    let ead: [String: String]
}

/// A fault that is no fault of the protocol.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The peer sent an EDHOC error message.
struct Refused: Error, CustomStringConvertible {
    let message: EDHOCErrorMessage

    var description: String { "the peer refuses: \(message)" }
}

/// Lines of hexadecimal in and out.
enum Wire {
    /// Sends one message.
    static func send(_ message: [UInt8]) {
        print(Hex.encode(message))
        // The other side waits for this line.
        fflush(nil)
    }

    /// Waits for one message; an EDHOC error message throws.
    static func receive(_ name: String) throws -> [UInt8] {
        guard let line = readLine() else { throw Failure("want \(name), have the end of input") }
        guard let message = Hex.decode(line) else {
            throw Failure("want \(name) in hexadecimal, have other text")
        }
        if name != "message_1", let refusal = try? EDHOCErrorMessage(encoded: message) {
            throw Refused(message: refusal)
        }
        return message
    }

    /// Runs a handshake and prints its last lines.
    static func conclude(_ body: () throws -> Report) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            print(String(decoding: try encoder.encode(try body()), as: UTF8.self))
        } catch {
            if let error = error as? EDHOCError { send(error.errorMessage.encoded) }
            let line = try encoder.encode(["error": "\(error)"])
            print(String(decoding: line, as: UTF8.self))
            throw ExitCode(1)
        }
    }
}

/// Hexadecimal text.
enum Hex {
    static func encode(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    static func decode(_ text: String) -> [UInt8]? {
        let digits = text.filter { !$0.isWhitespace }.map(\.hexDigitValue)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
