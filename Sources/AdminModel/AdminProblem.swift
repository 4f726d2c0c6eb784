/// Why the server did not do what was asked; travels as `{"error": …}`.
public struct AdminProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of problem, a word that programs can rely on.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The word.
        public let rawValue: String

        /// Takes a word, also one that a newer server made up.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The word.
        public var description: String { rawValue }

        /// The request can't be read: bad JSON, a wrong type, an unknown field or parameter.
        public static let malformed = Code(rawValue: "malformed")
        /// The request can be read, but a value in it is not allowed.
        public static let invalid = Code(rawValue: "invalid")
        /// This user may not administer the server.
        public static let notPermitted = Code(rawValue: "notPermitted")
        /// No such thing.
        public static let notFound = Code(rawValue: "notFound")
        /// The path exists, but not for this method.
        public static let methodNotAllowed = Code(rawValue: "methodNotAllowed")
        /// It exists already, or its state does not allow this.
        public static let conflict = Code(rawValue: "conflict")
        /// The request's body is larger than the path takes.
        public static let tooLarge = Code(rawValue: "tooLarge")
        /// The server has too much to do; the same request may succeed in a moment.
        public static let busy = Code(rawValue: "busy")
        /// The store can't write: full, read-only or failing.
        public static let storeFailed = Code(rawValue: "storeFailed")
        /// The server failed inside; its log says more.
        public static let failed = Code(rawValue: "failed")
    }

    /// One of several things that are wrong, with its place.
    public struct Detail: Codable, Hashable, Sendable {
        /// The line of an imported file, counted from 1 with the header.
        public var line: Int?
        /// The field or parameter.
        public var field: String?
        /// The text that can't be understood, as it was sent.
        public var input: String?
        /// The place in that text, counted in characters from 1.
        public var column: Int?
        /// What is wrong there.
        public var message: String

        /// States all of it.
        public init(
            line: Int? = nil,
            field: String? = nil,
            input: String? = nil,
            column: Int? = nil,
            message: String
        ) {
            self.line = line
            self.field = field
            self.input = input
            self.column = column
            self.message = message
        }
    }

    /// The kind.
    public var code: Code
    /// What was expected and what was found, for people.
    public var message: String
    /// Each single fault, where there are several.
    public var details: [Detail]

    /// States all of it.
    public init(_ code: Code, _ message: String, details: [Detail] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// The message.
    public var description: String { message }
}

extension AdminProblem.Code: Codable {
    /// Reads the word.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes the word.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension AdminProblem: Codable {
    private enum Envelope: String, CodingKey { case error }
    private enum Field: String, CodingKey { case code, message, details }

    /// Reads the envelope and what is in it.
    public init(from decoder: any Decoder) throws {
        let envelope = try decoder.container(keyedBy: Envelope.self)
        let fields = try envelope.nestedContainer(keyedBy: Field.self, forKey: .error)
        code = try fields.decode(Code.self, forKey: .code)
        message = try fields.decode(String.self, forKey: .message)
        details = try fields.decodeIfPresent([Detail].self, forKey: .details) ?? []
    }

    /// Writes it inside its envelope; details only where there are some.
    public func encode(to encoder: any Encoder) throws {
        var envelope = encoder.container(keyedBy: Envelope.self)
        var fields = envelope.nestedContainer(keyedBy: Field.self, forKey: .error)
        try fields.encode(code, forKey: .code)
        try fields.encode(message, forKey: .message)
        if !details.isEmpty { try fields.encode(details, forKey: .details) }
    }
}
