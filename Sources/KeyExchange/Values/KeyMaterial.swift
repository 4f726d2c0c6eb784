public import Secrets

/// Key material that several owners look at in turn; wiped when the last one lets go.
///
/// A class, so that a list of offered keys can hold it; the bytes themselves stay in a `Secret`.
public final class KeyMaterial: Sendable {
    /// The bytes.
    public let secret: Secret

    /// Takes the bytes over.
    public init(_ secret: consuming Secret) { self.secret = secret }
}
