public import KeyExchange

/// How the agent reaches the broker: MQTT, or a fake in tests.
public protocol Transport: Sendable {
    /// Prepares a connection that mends itself until it is closed; nothing is sent yet.
    func link(_ settings: LinkSettings) throws(LinkError) -> any Link
}

/// One connection to the broker.
public protocol Link: AnyObject, Sendable {
    /// Begins to connect, and hands over what happens until `close`.
    func start(_ deliver: @escaping @Sendable (LinkEvent) -> Void) async throws(LinkError)
    /// Publishes without waiting; throws when there is no connection now.
    func send(_ payload: [UInt8], to topic: String) throws(LinkError)
    /// Says goodbye and ends the connection.
    func close() async
}

/// Where a link goes, as whom, and what it reads.
public struct LinkSettings: Sendable {
    /// The broker's name or address.
    public let host: String
    /// Its port.
    public let port: UInt16
    /// The file of the only authority that may vouch for it; nil without TLS.
    public let authorityFile: String?
    /// The name of this connection, which nobody must guess.
    public let clientID: String
    /// The account.
    public let username: String
    /// Its password, as text.
    public let password: KeyMaterial
    /// The topics that are read.
    public let topics: [String]
}

/// What a link has to say.
public enum LinkEvent: Hashable, Sendable {
    /// The broker let us in.
    case connected
    /// There is no connection, and why; it is made again by itself.
    case disconnected(String)
    /// The broker said no, and why; it is tried again all the same.
    case refused(String)
    /// A message came; the broker may have invented it.
    case message(topic: String, payload: [UInt8], isRetained: Bool)
}

/// Why a link can't be made, or can't send.
public struct LinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened.
    public let description: String
    /// States it.
    public init(_ description: String) { self.description = description }
}
