public import Secrets

/// The password of a device's account at the broker, derived by both sides of an enrolment.
public enum BrokerPassword {
    /// Bytes from the exporter.
    public static let length = 24

    /// The password as the broker's protocol wants it: base64url (RFC 4648 § 5), 32 characters.
    public static func text(_ material: KeyMaterial) -> Secret {
        material.secret.withBytes { Base64URL.encode($0) }
    }
}
