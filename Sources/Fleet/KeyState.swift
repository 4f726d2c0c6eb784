/// The life of one generation of a key, after NIST SP 800-57 part 1 and KMIP.
///
///     preActive ─▶ offered ─▶ active ─▶ superseded ─▶ deactivated ─▶ destroyed
///                     └─▶ withdrawn      (decrypt and verify only, until grace ends)
///     any ─▶ compromised ─▶ destroyedCompromised            active ⇄ suspended
///
/// `offered`, `superseded` and `withdrawn` are ours, since the device is asked. What each state means
/// stands in one table: see `KeyState.rules`.
public enum KeyState: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Generated, and told to nobody.
    case preActive = 0
    /// On its way to the device; the server accepts it already.
    case offered = 1
    /// Never came into use; its material is destroyed, its number stays used.
    case withdrawn = 2
    /// In use.
    case active = 3
    /// Replaced; may decrypt and verify until its grace ends.
    case superseded = 4
    /// Out of use, its material about to be destroyed.
    case deactivated = 5
    /// Its material is no more.
    case destroyed = 6
    /// Others may know it; accepted until a successor is confirmed, never offered again.
    case compromised = 7
    /// Others may know it; here it is no more.
    case destroyedCompromised = 8
    /// Out of use for now.
    case suspended = 9

    /// The word used in JSON, in the audit log and on the command line.
    public var description: String {
        switch self {
        case .preActive: "preActive"
        case .offered: "offered"
        case .withdrawn: "withdrawn"
        case .active: "active"
        case .superseded: "superseded"
        case .deactivated: "deactivated"
        case .destroyed: "destroyed"
        case .compromised: "compromised"
        case .destroyedCompromised: "destroyedCompromised"
        case .suspended: "suspended"
        }
    }
}
