/// What is wrong with a configuration, every fault at once.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line for each fault: where it is, what was expected, what was found.
    public let faults: [String]

    /// Lists the faults.
    public init(_ faults: [String]) { self.faults = faults }

    /// The faults, a line each.
    public var description: String { faults.joined(separator: "\n") }
}
