internal import KeyExchange
internal import MQTTLink
internal import Secrets
internal import Synchronization

/// MQTT 5 as the agent's transport.
public struct MQTTTransport: Transport {
    private let backoff: Backoff
    private let connectTimeout: Duration
    private let thread: AgentThread?

    /// Sets the pauses and the patience of all links.
    ///
    /// Two attempts are at least `shortestPause` apart, more with each failure; one is given up after
    /// `connectTimeout`. What comes is handed over on `thread`, if there is one.
    public init(
        shortestPause: Duration = .milliseconds(500),
        connectTimeout: Duration = .seconds(10),
        thread: AgentThread? = nil
    ) {
        self.thread = thread
        self.connectTimeout = connectTimeout
        backoff = Backoff(minimum: shortestPause, maximum: .seconds(120))
    }

    /// Prepares a connection.
    public func link(_ settings: LinkSettings) throws(LinkError) -> any Link {
        var configuration = MQTTConfiguration(
            host: settings.host,
            port: settings.port,
            clientID: settings.clientID,
            authorityFile: settings.authorityFile
        )
        configuration.username = settings.username
        configuration.password = MQTTPassword(settings.password.secret.duplicate())
        configuration.maximumPayload = MessageLimits.payload
        // A session has one message under way; the rest is a flood.
        configuration.inboxCapacity = 16
        configuration.outboxCapacity = 16
        configuration.backoff = backoff
        configuration.connectTimeout = connectTimeout
        do throws(MQTTError) {
            return MQTTAgentLink(
                try MQTTConnection(configuration),
                topics: settings.topics,
                thread: thread
            )
        } catch {
            throw LinkError(error.description)
        }
    }
}

private final class MQTTAgentLink: Link {
    private let connection: MQTTConnection
    private let topics: [String]
    private let thread: AgentThread?
    private let readers = Mutex<[Task<Void, Never>]>([])

    init(_ connection: MQTTConnection, topics: [String], thread: AgentThread?) {
        self.thread = thread
        self.connection = connection
        self.topics = topics
    }

    func start(_ deliver: @escaping @Sendable (LinkEvent) -> Void) async throws(LinkError) {
        do throws(MQTTError) {
            // Before the start it is only noted, and then asked for with each connection.
            try await connection.subscribe(to: topics)
            try connection.start()
        } catch {
            throw LinkError(error.description)
        }
        let (events, messages) = (connection.events, connection.messages)
        let eventReader = Task(executorPreference: thread) {
            for await event in events {
                if let event = LinkEvent(event) { deliver(event) }
            }
        }
        let messageReader = Task(executorPreference: thread) {
            for await message in messages {
                deliver(
                    .message(
                        topic: message.topic,
                        payload: message.payload,
                        isRetained: message.isRetained
                    )
                )
            }
        }
        readers.withLock { $0 = [eventReader, messageReader] }
    }

    func send(_ payload: [UInt8], to topic: String) throws(LinkError) {
        do throws(MQTTError) {
            try connection.send(MQTTPublication(topic: topic, payload: payload))
        } catch {
            throw LinkError(error.description)
        }
    }

    func close() async {
        await connection.close()
        for reader in readers.withLock(\.self) { await reader.value }
    }
}

extension LinkEvent {
    fileprivate init?(_ event: MQTTEvent) {
        switch event {
        case .connected: self = .connected
        case .disconnected(let error, _): self = .disconnected(error.description)
        case .refused(let error, _): self = .refused(error.description)
        case .subscriptionRefused(let filter, let error):
            self = .refused("no reading from \(filter): \(error.description)")
        // The message is sent again in its time.
        case .publicationRefused: return nil
        }
    }
}
