internal import Dispatch

/// Runs long reads of the store on threads of its own.
///
/// A read blocks its thread: a look through a whole audit log must not hold one of the few threads on
/// which sessions with devices go on.
public final class ReadingExecutor: TaskExecutor {
    /// The one that all share.
    public static let shared = ReadingExecutor()

    private let queue = DispatchQueue(label: "latchkey.reading", attributes: .concurrent)

    /// Takes a part of a task, to run it as soon as a thread is free.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Traps when it is called from another thread; for tests.
    package func demandOwnThread() { dispatchPrecondition(condition: .onQueue(queue)) }
}
