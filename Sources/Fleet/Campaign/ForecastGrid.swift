/// Moments from now on, close together at first.
struct ForecastGrid {
    private static let hour: Int64 = 3600
    /// How long each step is, up to which distance from the beginning.
    private static let scales: [(step: Int64, until: Int64)] = [
        (60, 6 * hour), (300, 48 * hour), (1800, 14 * 24 * hour), (3 * hour, 90 * 24 * hour),
        (12 * hour, 732 * 24 * hour),
    ]

    private let edges: [Int64]

    /// Two years, or until the deadline.
    init(from start: Int64, until deadline: Int64?) {
        let end = deadline.map { $0.saturatingSubtracting(start) } ?? .max
        var edges: [Int64] = [start]
        var elapsed: Int64 = 0
        for scale in Self.scales {
            while elapsed < scale.until, elapsed < end {
                elapsed = min(elapsed + scale.step, end)
                edges.append(start.saturatingAdding(elapsed))
            }
        }
        self.edges = edges
    }

    var count: Int { edges.count - 1 }

    var end: Int64 { edges[count] }

    subscript(step: Int) -> (begin: Int64, end: Int64) { (edges[step], edges[step + 1]) }

    /// The step that a moment falls into, later than `step`; `count` for one beyond the end.
    func place(of moment: Int64, after step: Int) -> Int {
        var (low, high) = (step + 1, count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle + 1] <= moment { low = middle + 1 } else { high = middle }
        }
        return min(low, count)
    }

    /// For each clock, by its number, the share of the step in which a window is open.
    func openShares(
        of plan: CampaignPlan,
        step: Int,
        numbers: [Int],
        clocks: CampaignClocks
    ) -> [Int: Double] {
        let (begin, end) = self[step]
        var shares: [Int: Double] = [:]
        for number in numbers where shares[number] == nil {
            let open = clocks[number].map {
                plan.openSeconds(from: begin, until: end, clock: $0)
            }
            shares[number] = Double(open ?? 0) / Double(max(end - begin, 1))
        }
        return shares
    }
}
