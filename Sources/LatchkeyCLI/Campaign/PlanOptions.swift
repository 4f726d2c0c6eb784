internal import AdminModel
internal import ArgumentParser

/// The flags of a campaign's plan, or the file that it is in.
struct PlanOptions: ParsableArguments {
    @Option(
        help: "A plan in JSON instead of flags; - for the input. `--print` shows the form.",
        completion: .file(extensions: ["json"])
    )
    var file: String?
    @Option(help: "The key.") var key: String?
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("The devices, like 'group=hall'.", valueName: "query")
    )
    var query: String?
    @Option(help: "rotate or compromise (default: rotate).") var action: String?
    @Flag(help: "Devices that match later join; wants a deadline.") var dynamic = false
    @Option(help: "Devices in a minute, like 60/min.", transform: parseRate) var rate: Int?
    @Option(
        help: "A rate that grows, like base=10,factor=2,max=600,every=50.",
        transform: CampaignPlan.Pace.parsing
    )
    var exponential: CampaignPlan.Pace?
    @Option(
        name: .customLong("maximum-rate"),
        help: "How far a near deadline may raise the rate, like 600/min.",
        transform: parseRate
    )
    var maximumRate: Int?
    @Option(
        name: .customLong("wave"),
        help: "A stage: 5, 10%, a query, or rest. Say it again for each.",
        transform: CampaignPlan.Wave.parsing
    )
    var waves: [CampaignPlan.Wave] = []
    @Option(
        help: "What must have settled of a stage before the next opens, like 95%.",
        transform: parsePercent
    )
    var gate: Int?
    @Flag(
        name: .customLong("approve-waves"),
        help: "A person lets each stage after the first pass."
    )
    var needsApproval = false
    @Option(
        name: .customLong("window"),
        help: "When devices may be touched, in their time, like 'mon-fri 22:00-04:00'.",
        transform: CampaignPlan.Window.parsing
    )
    var windows: [CampaignPlan.Window] = []
    @Option(
        name: .customLong("utc-offset"),
        // A time zone west of UTC begins with a dash.
        parsing: .unconditional,
        help: "The time of devices without a label of their own, like +02:00.",
        transform: parseOffset
    )
    var offset: Int?
    @Option(
        name: .customLong("time-zone"),
        help: "The same as a time zone, like Europe/Berlin."
    )
    var timeZone: String?
    @Option(name: .customLong("in-flight"), help: "Devices in flight at once, like 200.")
    var inFlight: Int?
    @Option(help: "When it has to be over, like 2026-12-01T00:00Z or 7d.", transform: parseDeadline)
    var deadline: Timestamp?
    @Option(
        name: .customLong("stop"),
        help: "What ends or slows it, like 'any>=5%/100:cancel'. Say it again for each.",
        transform: CampaignPlan.StopRule.parsing
    )
    var stops: [CampaignPlan.StopRule] = []
    @Flag(
        inversion: .prefixedNo,
        help: "Test outcomes one by one, and pause when they are no noise (default: on)."
    )
    var sequential: Bool?
    @Option(help: "How many of its usual intervals a device may be silent (default: 3).")
    var silence: Double?
    @Option(
        name: .customLong("retry"),
        help: "Retries by kind of failure, like storeFull=2. Say it again for each.",
        transform: parseRetry
    )
    var retries: [RetryBudget] = []
    @Option(help: "0 to 9; a higher one goes first (default: 5).") var priority: Int?

    /// The plan that the flags or the file tell.
    func plan(named name: String?) throws -> CampaignPlan {
        guard let file else { return try flags(named: name) }
        var plan = try readPlan(file)
        if let name { plan.name = name }
        return plan
    }

    /// Refuses what would be dropped in silence: a flag beside a file that says all of a plan.
    func validate() throws {
        guard file != nil else { return }
        let given = [
            ("--key", key != nil), ("--where", query != nil), ("--action", action != nil),
            ("--dynamic", dynamic), ("--rate", rate != nil),
            ("--exponential", exponential != nil), ("--maximum-rate", maximumRate != nil),
            ("--wave", !waves.isEmpty), ("--gate", gate != nil),
            ("--approve-waves", needsApproval), ("--window", !windows.isEmpty),
            ("--utc-offset", offset != nil), ("--time-zone", timeZone != nil),
            ("--in-flight", inFlight != nil), ("--deadline", deadline != nil),
            ("--stop", !stops.isEmpty), ("--sequential", sequential != nil),
            ("--silence", silence != nil), ("--retry", !retries.isEmpty),
            ("--priority", priority != nil),
        ].filter(\.1).map(\.0)
        guard given.isEmpty else {
            throw ValidationError(
                "--file says all of a plan: write \(given.joined(separator: ", ")) into it"
            )
        }
    }

    private func flags(named name: String?) throws -> CampaignPlan {
        guard let name else { throw ValidationError("say how the campaign is called: NAME") }
        guard let key else { throw ValidationError("say which key: --key NAME") }
        guard let query else { throw ValidationError("say which devices: --where QUERY") }
        guard (rate == nil) != (exponential == nil) else {
            throw ValidationError("say how fast: either --rate 60/min or --exponential base=10")
        }
        guard gate == nil && !needsApproval || waves.count > 1 else {
            throw ValidationError("--gate and --approve-waves are for plans with several --wave")
        }
        var pace = exponential ?? CampaignPlan.Pace(perMinute: rate ?? 1)
        if let maximumRate { pace.maximumPerMinute = maximumRate }
        var plan = CampaignPlan(name: name, key: key, query: query, pace: pace)
        plan.action = action
        plan.isDynamic = dynamic ? true : nil
        plan.waves =
            waves.isEmpty
            ? nil
            : waves.enumerated().map { index, wave in
                var wave = wave
                if index > 0 {
                    wave.gatePercent = gate
                    wave.needsApproval = needsApproval ? true : nil
                }
                return wave
            }
        plan.windows = windows.isEmpty ? nil : windows
        guard offset == nil || timeZone == nil else {
            throw ValidationError("say either --utc-offset or --time-zone")
        }
        plan.utcOffsetMinutes = offset
        plan.timeZone = timeZone
        plan.maximumInFlight = inFlight
        plan.deadline = deadline
        plan.stopRules = stops.isEmpty ? nil : stops
        plan.sequentialTest = sequential.map { CampaignPlan.SequentialTest(isOn: $0) }
        plan.silence = silence.map { CampaignPlan.Silence(factor: $0) }
        guard Set(retries.map(\.kind)).count == retries.count else {
            throw ValidationError("--retry: a kind of failure is named twice")
        }
        if !retries.isEmpty {
            plan.retries = Dictionary(uniqueKeysWithValues: retries.map { ($0.kind, $0.budget) })
        }
        plan.priority = priority
        return plan
    }
}
