/// The words after a command: flags, and options with a value.
struct Arguments {
    private let command: String
    private var values: [String: String] = [:]
    private var flags: Set<String> = []

    /// Sorts the words; throws on one that the command does not know.
    init(
        _ words: some Sequence<String>,
        of command: String,
        options: Set<String>,
        flags known: Set<String>
    ) throws(Failure) {
        self.command = command
        var rest = Array(words)[...]
        while let word = rest.popFirst() {
            let (name, inline) = Self.split(word)
            if options.contains(name) {
                guard let value = inline ?? rest.popFirst() else {
                    throw Failure(.usage, "\(name) needs a value")
                }
                guard values.updateValue(value, forKey: name) == nil else {
                    throw Failure(.usage, "\(name) was given twice")
                }
            } else if known.contains(name), inline == nil {
                flags.insert(name)
            } else {
                throw Failure(.usage, "\(command) does not know \(word)")
            }
        }
    }

    /// Whether a flag was given.
    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// An option's value, if it was given.
    subscript(_ option: String) -> String? { values[option] }

    /// An option's value, which the command cannot do without.
    func required(_ option: String) throws(Failure) -> String {
        guard let value = values[option] else {
            throw Failure(.usage, "\(command) needs \(option)")
        }
        return value
    }

    /// A whole number in a range, if it was given.
    func number(_ option: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
        try number(values[option], of: option, in: range)
    }

    /// A whole number in a range, as an option or else as a variable of the environment.
    func number(
        _ option: String,
        orVariable variable: String,
        in range: ClosedRange<Int>
    ) throws(Failure) -> Int? {
        if let number = try number(option, in: range) { return number }
        return try number(System.environment(variable), of: "$" + variable, in: range)
    }

    private func number(
        _ text: String?,
        of source: String,
        in range: ClosedRange<Int>
    ) throws(Failure) -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Failure(
                .usage,
                "\(source): want a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "have \"\(text)\""
            )
        }
        return number
    }

    private static func split(_ word: String) -> (name: String, inline: String?) {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else {
            return (word, nil)
        }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
}
