internal import TOMLKit

/// Reads settings out of a TOML document, and remembers what was known so that the rest can be refused.
struct SettingsReader {
    private let document: TOMLTable
    private var known: [String: [String]] = [:]
    private(set) var faults: [String] = []

    init(_ text: String) throws(ConfigurationError) {
        // The parser takes it for the end, and would pass over all that follows.
        guard !text.utf8.contains(0) else {
            throw ConfigurationError(["not TOML: there is a zero byte in it"])
        }
        do {
            document = try TOMLTable(string: text)
        } catch {
            throw ConfigurationError(["not TOML: \(error)"])
        }
    }

    mutating func string(_ section: String, _ key: String) -> String? {
        guard let text = read(section, key, "a string", { $0.string }) else { return nil }
        guard !text.isEmpty else {
            faults.append("\(section).\(key): want a text that is not empty")
            return nil
        }
        return text
    }

    mutating func integer(
        _ section: String,
        _ key: String,
        in range: ClosedRange<Int>
    ) -> Int? {
        guard let number = read(section, key, "a whole number", { $0.int }) else { return nil }
        guard range.contains(number) else {
            faults.append(
                "\(section).\(key): want \(range.lowerBound) to \(range.upperBound), have \(number)"
            )
            return nil
        }
        return number
    }

    mutating func integers(
        _ section: String,
        _ key: String,
        in range: ClosedRange<Int>
    ) -> [Int]? {
        guard
            let numbers = read(
                section,
                key,
                "a list of whole numbers",
                { value -> [Int]? in
                    guard let array = value.array else { return nil }
                    let numbers = array.compactMap { $0.int }
                    return numbers.count == array.count ? numbers : nil
                }
            )
        else { return nil }
        guard numbers.allSatisfy(range.contains) else {
            faults.append(
                "\(section).\(key): want numbers from \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return numbers
    }

    mutating func add(fault: String) { faults.append(fault) }

    /// Throws every fault found, among them each section and key that nobody asked for.
    mutating func finish() throws(ConfigurationError) {
        for section in document.keys {
            guard let keys = known[section] else {
                faults.append(
                    "[\(section)]: unknown section; known are "
                        + known.keys.sorted().joined(separator: ", ")
                )
                continue
            }
            guard let table = document[section]?.table else {
                faults.append("\(section): want a section, have a value")
                continue
            }
            for key in table.keys where !keys.contains(key) {
                faults.append(
                    "\(section).\(key): unknown setting; known are "
                        + keys.joined(separator: ", ")
                )
            }
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
    }

    private mutating func read<Value>(
        _ section: String,
        _ key: String,
        _ wanted: String,
        _ convert: (any TOMLValueConvertible) -> Value?
    ) -> Value? {
        known[section, default: []].append(key)
        guard let found = document[section]?.table?[key] else { return nil }
        guard let value = convert(found) else {
            faults.append("\(section).\(key): want \(wanted), have \(found.type)")
            return nil
        }
        return value
    }
}
