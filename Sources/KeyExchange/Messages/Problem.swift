internal import CBOR

/// Ends a session, and says why.
///
///     problem = [7, code: uint, op: bstr .size 8 / null, text: tstr]
public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the other side acts on.
    public var code: ProblemCode
    /// The operation that failed, if one did.
    public var operation: OperationID?
    /// For the other side's log, cut to 120 bytes on the wire; no details of this side's insides.
    public var text: String

    /// States all of it.
    public init(_ code: ProblemCode, operation: OperationID? = nil, text: String = "") {
        self.code = code
        self.operation = operation
        self.text = text
    }

    /// Code and text on one line.
    public var description: String { text.isEmpty ? "\(code)" : "\(code): \(text)" }
}

extension Problem: SessionMessage {
    /// PROBLEM.
    public static let type = MessageType.problem

    func encode(into writer: inout CBORWriter) {
        writer.array(4)
        writer.unsigned(Self.type.rawValue)
        writer.unsigned(UInt64(code.rawValue))
        if let operation { writer.bytes(operation.bytes) } else { writer.null() }
        writer.shortText(text)
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Problem {
        try reader.message(type, items: 4)
        let number = try reader.seconds()
        // A newer peer may know more codes; the session ends all the same.
        let code = ProblemCode(rawValue: Int(number)) ?? .unexpected
        let operation = try reader.isNull() ? nil : try reader.operation()
        let text = try reader.shortText()
        return Problem(code, operation: operation, text: text)
    }
}
