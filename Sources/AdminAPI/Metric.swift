/// One number or family of numbers that a monitoring system reads.
public struct Metric: Hashable, Sendable {
    /// Whether it only grows.
    public enum Kind: String, Hashable, Sendable {
        /// It only grows, from the server's start.
        case counter
        /// It goes up and down.
        case gauge
    }

    /// One value with what tells it from its siblings.
    public struct Sample: Hashable, Sendable {
        /// Label names with their values.
        public var labels: [String: String]
        /// The value.
        public var value: Double

        /// States both.
        public init(_ value: Double, labels: [String: String] = [:]) {
            self.labels = labels
            self.value = value
        }
    }

    /// Its name, `latchkey_` first.
    public var name: String
    /// What it counts, in a few words.
    public var help: String
    /// Whether it only grows.
    public var kind: Kind
    /// Its values.
    public var samples: [Sample]

    /// States all of it.
    public init(_ name: String, help: String, kind: Kind, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// The text format of Prometheus, version 0.0.4.
    public static func exposition(of metrics: [Metric]) -> String {
        var text = ""
        for metric in metrics {
            text += "# HELP \(metric.name) \(escaped(metric.help))\n"
            text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                let labels = sample.labels.sorted { $0.key < $1.key }
                    .map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
                    .joined(separator: ",")
                text += metric.name + (labels.isEmpty ? "" : "{\(labels)}")
                text += " \(number(sample.value))\n"
            }
        }
        return text
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool = false) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.append(character)
            }
        }
    }
}
