/// A place between two effects on the disk, where a test can stop the process or fail the write.
public enum FaultPoint: Hashable, Sendable, CaseIterable {
    /// The temporary file exists and is empty.
    case created
    /// It holds the new content, perhaps only in memory.
    case written
    /// It is on the disk.
    case synced
    /// It has the final name.
    case renamed
    /// The final name is on the disk.
    case settled
    /// A file is no more.
    case removed
}

/// What happens at a fault point: nothing, unless a test says otherwise.
///
/// Returning a number makes the step fail as if the system had reported that error.
public typealias Faults = @Sendable (FaultPoint) -> CInt?
