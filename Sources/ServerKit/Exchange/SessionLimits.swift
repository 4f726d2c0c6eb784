/// The bounds of the table of sessions.
public struct SessionLimits: Sendable {
    /// Sessions of all workers together.
    public var sessions = 4096
    /// How long a session may take in all.
    public var sessionSeconds = 30
    /// How long a half-open session is safe from being replaced when the table is full.
    public var patience = Duration.seconds(2)
    /// message_1 a second, enrolling devices and enrolled ones counted apart.
    public var startsPerSecond = 2000.0
    /// message_1 at once after a pause.
    public var startsBurst = 4000.0

    /// The defaults.
    public init() {}
}
