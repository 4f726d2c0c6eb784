public import KeyExchange

/// Where the root key of a fleet comes from.
public enum RootKeySource: Sendable {
    /// A file of 32 bytes that its owner alone may read.
    case file(String)
    /// A passphrase of people, stretched with the salt in the database.
    case passphrase(KeyMaterial)
}
