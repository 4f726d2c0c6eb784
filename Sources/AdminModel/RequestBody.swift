/// A request's JSON object, which may have these fields and no others.
///
/// A misspelt optional field would otherwise be dropped in silence: `"usess": 5` would make a bundle for
/// one device.
public protocol RequestBody: Codable, Sendable {
    /// Each field that is read.
    static var fieldNames: [String] { get }
}
