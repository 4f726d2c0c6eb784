internal import Synchronization

/// A place in the order of events on one server, independent of its clock.
public struct Ticket: Hashable, Sendable {
    let run: Int64
    let number: Int64

    /// Whether it was drawn after `other`; what another run of the server drew was drawn before.
    func isAfter(_ other: Ticket) -> Bool { run != other.run || number > other.number }
}

/// Draws tickets for one run of the server.
final class Tickets: Sendable {
    private let run = Int64.random(in: Int64.min...Int64.max)
    private let last = Atomic<Int64>(0)

    func draw() -> Ticket {
        Ticket(run: run, number: last.add(1, ordering: .sequentiallyConsistent).newValue)
    }
}
