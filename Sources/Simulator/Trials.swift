/// Many runs, each under a seed of its own, side by side.
public struct Trials: Sendable {
    /// What came of all of them.
    public struct Balance: Sendable {
        /// How many runs.
        public var seeds = 0
        /// Generations that came into use in place of others.
        public var rotations = 0
        /// Faults by kind.
        public var faults: [Fault: Int] = [:]
        /// What admins did.
        public var actions: [String: Int] = [:]
        /// Devices without a common key at the end.
        public var stranded = 0
        /// Runs in which a promise was broken, in the order of their seeds.
        public var broken: [Simulation.Outcome] = []

        /// Promises that were broken.
        public var violations: Int { broken.reduce(0) { $0 + $1.violations.count } }
        /// Faults of all kinds.
        public var faultCount: Int { faults.values.reduce(0, +) }

        /// Nothing yet.
        public init() {}

        /// The balance of one run.
        public init(of outcome: Simulation.Outcome) { add(outcome) }

        mutating func add(_ outcome: Simulation.Outcome) {
            seeds += 1
            rotations += outcome.rotations
            faults.merge(outcome.faults, uniquingKeysWith: +)
            actions.merge(outcome.actions, uniquingKeysWith: +)
            stranded += outcome.stranded
            guard !outcome.violations.isEmpty else { return }
            broken.append(outcome)
            broken.sort { $0.seed < $1.seed }
        }
    }

    private let seeds: [UInt64]
    private let configure: @Sendable (inout Simulation.Options) -> Void

    /// Runs these seeds; `configure` changes what a run is like.
    public init(
        seeds: some Sequence<UInt64>,
        configure: @escaping @Sendable (inout Simulation.Options) -> Void = { _ in }
    ) {
        self.seeds = Array(seeds)
        self.configure = configure
    }

    /// Runs all, `width` at a time; `progress` hears of each one.
    public func run(
        width: Int,
        progress: @escaping @Sendable (Simulation.Outcome) -> Void = { _ in }
    ) async throws -> Balance {
        try await withThrowingTaskGroup(of: [Simulation.Outcome].self) { group in
            let width = max(1, width)
            for lane in 0..<width {
                group.addTask {
                    var outcomes: [Simulation.Outcome] = []
                    for place in stride(from: lane, to: seeds.count, by: width) {
                        var options = Simulation.Options(seed: seeds[place])
                        configure(&options)
                        let outcome = try await Simulation(options).run()
                        progress(outcome)
                        outcomes.append(outcome)
                    }
                    return outcomes
                }
            }
            var balance = Balance()
            for try await outcomes in group {
                for outcome in outcomes { balance.add(outcome) }
            }
            return balance
        }
    }
}
