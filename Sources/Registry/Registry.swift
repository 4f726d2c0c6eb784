public import EDHOC
public import KeyExchange

/// The server's store: one fleet in one folder.
public final class Registry: Sendable {
    /// The fleet.
    public var fleet: FleetID { todo() }
    /// The server's credential, to be pinned by devices; the kid names it.
    public var serverCredential: Credential { todo() }
    /// The server's static key for EDHOC.
    public var serverKey: any AgreementKey { todo() }
    /// How devices reach the broker.
    public var broker: BrokerSettings { todo() }
    /// The password of the broker's account `@enrol`, as text.
    public var enrolPassword: KeyMaterial { todo() }

    /// Makes a fleet in a folder; a key file that is not there is made too.
    public static func create(
        folder: String, fleet: FleetID, broker: BrokerSettings, rootKey: RootKeySource,
        crypto: any Crypto, actor: String, now: Int64
    ) throws(RegistryError) -> Registry { todo() }

    /// Opens the fleet in a folder.
    public static func open(
        folder: String, rootKey: RootKeySource, crypto: any Crypto
    ) throws(RegistryError) -> Registry { todo() }

    /// Ends all work; what was accepted is committed first.
    public func close() async { todo() }
}

func todo() -> Never { preconditionFailure("not yet") }
