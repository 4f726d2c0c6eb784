/// Why a setting of the fleet is not acceptable.
public struct FleetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String

    /// Names the fault.
    public init(_ description: String) { self.description = description }
}
