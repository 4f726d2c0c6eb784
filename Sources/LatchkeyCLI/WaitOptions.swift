internal import AdminModel
internal import ArgumentParser

/// How long a command follows what it has asked of devices.
struct WaitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Wait until every key has settled.", valueName: "seconds"))
    var wait: Int?

    /// What the command did, for programs.
    private struct Outcome: Encodable {
        var keys: Int
        var progress: RotationProgress?
    }

    func validate() throws {
        guard wait.map({ (1...86_400).contains($0) }) ?? true else {
            throw ValidationError("--wait takes 1 to 86400 seconds")
        }
    }

    /// Shows how far the keys are until all have settled or the time is over; throws `notSettled`.
    ///
    /// `asked` is how many keys were to be replaced. With JSON this prints all that the command prints.
    func follow(
        _ selection: KeySelection,
        asked: Int,
        asJSON: Bool,
        _ client: AdminClient
    ) async throws {
        let console = Console.current
        guard let wait else {
            if asJSON { console.print(try json(Outcome(keys: asked))) }
            return
        }
        let progress = try await watch(selection, seconds: wait, client)
        if asJSON {
            console.print(try json(Outcome(keys: asked, progress: progress)))
        } else {
            console.print("\(progress.settled) of \(counted(progress.keys, "key")) settled")
        }
        guard progress.settled == progress.keys else {
            throw Failure(
                .notSettled,
                "waiting for a device: \(progress.waiting), failed: \(progress.failed); see "
                    + "`latchkey device show` and `latchkey audit list --since 1h`"
            )
        }
        let left = asked - progress.keys
        guard left > 0 else { return }
        // By age, for example, a query finds a device no more when it has its new key.
        guard selection.query == nil else {
            return console.note("\(counted(left, "key")) of devices that the query finds no more")
        }
        throw Failure(
            .notSettled,
            "\(counted(left, "key")) of devices that get none now, since they are retiring or in "
                + "quarantine: see `latchkey device list`"
        )
    }

    /// Looks again and again, less often the longer it takes.
    private func watch(
        _ selection: KeySelection,
        seconds: Int,
        _ client: AdminClient
    ) async throws -> RotationProgress {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var pause = Duration.milliseconds(100)
        var last: RotationProgress?
        while true {
            let progress: RotationProgress = try await client.get(
                "/v1/rotations",
                [
                    ("device", selection.device), ("group", selection.group),
                    ("where", selection.query), ("key", selection.key),
                ]
            )
            if progress != last {
                Console.current.note(
                    "\(progress.settled)/\(progress.keys) settled, \(progress.waiting) waiting, "
                        + "\(progress.failed) failed"
                )
                last = progress
            }
            if progress.waiting == 0 || clock.now >= end { return progress }
            try await clock.sleep(until: min(clock.now + pause, end))
            pause = min(pause * 3 / 2, .seconds(2))
        }
    }
}
