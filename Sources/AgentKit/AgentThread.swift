internal import Glibc
internal import Synchronization

/// One thread that runs the agent's tasks and timers, and sleeps while there is nothing to do.
///
/// The runtime's own pool wakes once a second to watch its threads, for as long as the process lives;
/// on a battery that is most of what an idle agent would do.
public final class AgentThread: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var timers: [Int: (end: ContinuousClock.Instant, action: @Sendable () -> Void)] = [:]
        var count = 0
    }

    private let state = Mutex(State())
    /// A pipe that holds a byte while there is something new.
    private let bell: (reader: CInt, writer: CInt)

    /// Prepares the thread; it is the one that calls `run`.
    public init() {
        var ends: [CInt] = [-1, -1]
        let result = unsafe pipe(&ends)
        precondition(result == 0, "no file descriptor for the agent's thread")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        bell = (ends[0], ends[1])
    }

    deinit {
        close(bell.reader)
        close(bell.writer)
    }

    /// Works for ever on the calling thread.
    public func run() -> Never {
        while true {
            for job in takeJobs() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
            for action in takeTimers() { action() }
            sleep()
        }
    }

    /// Takes a job of a task that prefers this executor.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        ring()
    }

    /// Calls `action` on this thread after a pause; the number cancels it.
    func schedule(after pause: Duration, _ action: @escaping @Sendable () -> Void) -> Int {
        let number = state.withLock { state in
            state.count += 1
            state.timers[state.count] = (.now + pause, action)
            return state.count
        }
        ring()
        return number
    }

    /// Forgets a timer.
    func cancel(_ number: Int) { state.withLock { $0.timers[number] = nil } }

    private func takeJobs() -> [UnownedJob] {
        state.withLock { state in
            defer { state.jobs.removeAll() }
            return state.jobs
        }
    }

    private func takeTimers() -> [@Sendable () -> Void] {
        let now = ContinuousClock.now
        return state.withLock { state in
            let due = state.timers.filter { $0.value.end <= now }.sorted {
                $0.value.end < $1.value.end
            }
            for timer in due { state.timers[timer.key] = nil }
            return due.map(\.value.action)
        }
    }

    private func sleep() {
        let (hasJobs, end) = state.withLock { state in
            (!state.jobs.isEmpty, state.timers.values.map(\.end).min())
        }
        guard !hasJobs else { return }
        var descriptor = pollfd(fd: bell.reader, events: Int16(POLLIN), revents: 0)
        unsafe poll(&descriptor, 1, milliseconds(until: end))
        var bytes: (UInt64, UInt64) = (0, 0)
        while unsafe read(bell.reader, &bytes, 16) > 0 {}
    }

    private func milliseconds(until end: ContinuousClock.Instant?) -> CInt {
        guard let end else { return -1 }
        // Rounded up: a moment too early would be one wake-up more.
        return CInt(clamping: Int(max(0, (end - .now) / .milliseconds(1)).rounded(.up)))
    }

    private func ring() {
        var byte: UInt8 = 0
        // A full pipe rings anyway.
        _ = unsafe write(bell.writer, &byte, 1)
    }
}
