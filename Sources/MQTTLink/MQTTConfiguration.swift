public import Secrets

/// Where the broker is, who we are to it, and every limit of the connection.
public struct MQTTConfiguration: Sendable {
    /// Name or address of the broker; with TLS, the name that its certificate must carry.
    public var host: String
    /// The broker's port.
    public var port: UInt16
    /// The name of this connection to the broker, which lets only one in with it at a time.
    ///
    /// Whoever else comes in with it throws us out, so make it hard to guess.
    public var clientID: String
    /// The account at the broker, if it asks for one.
    public var username: String?
    /// The account's password.
    public var password: MQTTPassword?
    /// The file of the only authority whose certificates count (PEM).
    ///
    /// Without one there is no TLS, and then `host` must be a loopback address: for tests alone.
    public var authorityFile: String?
    /// After how long a silence a ping shows that the connection lives; whole seconds.
    public var keepAlive: Duration = .seconds(60)
    /// How long an attempt may take: TCP, TLS and the broker's answer.
    public var connectTimeout: Duration = .seconds(10)
    /// How long the broker may take to acknowledge a message or a subscription.
    public var acknowledgementTimeout: Duration = .seconds(10)
    /// The largest payload that is sent or let in, in bytes.
    ///
    /// The library reads a packet whole before we see its length, so a broker can make it hold what
    /// MQTT allows, 256 MiB, for a moment: only a limit on the process stops that.
    public var maximumPayload = 16 * 1024
    /// How many received messages may wait for their reader.
    public var inboxCapacity = 256
    /// How many sent messages may wait for their acknowledgement.
    public var outboxCapacity = 256
    /// The pauses between attempts.
    public var backoff = Backoff()

    /// Names the broker and ourselves; the rest has defaults.
    public init(host: String, port: UInt16, clientID: String, authorityFile: String?) {
        self.host = host
        self.port = port
        self.clientID = clientID
        self.authorityFile = authorityFile
    }
}

/// A password at the broker: not printed, wiped when its last owner ends.
public final class MQTTPassword: Sendable, CustomStringConvertible {
    private let secret: Secret

    /// Takes the password over.
    public init(_ secret: consuming Secret) {
        self.secret = secret
    }

    /// A placeholder, so that no log shows the password.
    public var description: String { "(password)" }

    /// Lends the password as a C string; the copy made for it is wiped afterwards.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = secret.withBytes { bytes in
            Secret(count: bytes.byteCount + 1) { output in
                for index in bytes.byteOffsets { output.append(bytes[byte: index]) }
                output.append(0)
            }
        }
        return terminated.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                // Never nil: the buffer holds the NUL at least.
                unsafe body(
                    buffer.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped
                )
            }
        }
    }

    /// Whether C would see less of it than there is.
    var holdsNUL: Bool {
        secret.withBytes { bytes in bytes.byteOffsets.contains { bytes[byte: $0] == 0 } }
    }
}
