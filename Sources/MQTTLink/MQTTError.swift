/// Why MQTT did not do what it was asked to.
public struct MQTTError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller may want to tell apart.
    public enum Code: String, Hashable, Sendable {
        /// There is no connection now; one is being made in the background.
        case notConnected
        /// No TCP connection could be made: wrong name or port, broker down, network down.
        case unreachable
        /// TLS failed: a certificate that the pinned authority did not sign, or for another host.
        case tlsFailed
        /// The broker does not know the user name or the password.
        case badCredentials
        /// The broker's access rules forbid it.
        case notAuthorised
        /// The broker said no for another reason, which `detail` names.
        case refused
        /// As many publications as allowed wait for their acknowledgement already.
        case queueFull
        /// The payload is larger than allowed.
        case tooLarge
        /// A topic or a filter that MQTT does not allow.
        case badTopic
        /// No answer within the time allowed.
        case timedOut
        /// The connection broke.
        case connectionLost
        /// `close()` was called.
        case closed
        /// A setting that can't work: a CA file that can't be read, a name with a NUL in it.
        case badSetting
        /// The library or the system failed: memory, file descriptors, threads.
        case system
    }

    /// The kind of failure.
    public let code: Code
    /// What was expected and what came, for a log; never a secret.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// The kind and the detail in one line.
    public var description: String { "\(code.rawValue): \(detail)" }
}
