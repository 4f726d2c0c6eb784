/// A place in a change of the database, where a test can end the server or fail the change.
public enum ChangePoint: Hashable, Sendable, CaseIterable {
    /// A statement is about to run.
    case statement
    /// All statements have run, and the commit is next.
    case committing
    /// The commit is durable, and nobody has heard of it.
    case committed
}

/// What happens at such a place: nothing, unless a test says otherwise.
///
/// Returning an error makes the change fail there: before the commit it is undone, after it, it counts.
public typealias ChangeFaults = @Sendable (ChangePoint) -> RegistryError?
