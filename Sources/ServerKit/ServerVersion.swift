/// The version of the server.
public enum ServerVersion {
    /// As in the CHANGELOG.
    public static let text = "0.1.0"
}
