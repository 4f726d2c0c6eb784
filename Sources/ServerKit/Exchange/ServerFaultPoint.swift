public import Registry

/// A place in the server's work where a test can end the process.
public enum ServerFaultPoint: Hashable, Sendable {
    /// A CONFIRM was opened, and each proof in it checked.
    case confirmReceived
    /// A place in the registry's work.
    case registry(ChangePoint)
    /// The registry has settled; the device has not heard.
    case settled
    /// The answer was handed to the broker's connection.
    case answered
}

/// What happens at a fault point: nothing, unless a test says otherwise.
public typealias ServerFaults = @Sendable (ServerFaultPoint) -> Void
