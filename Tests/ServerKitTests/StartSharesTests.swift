import KeyExchange
import Testing

@testable import ServerKit

@Suite struct StartSharesTests {
    private let noon = ContinuousClock.now

    @Test func `a device that floods leaves the others their share`() throws {
        var limits = SessionLimits()
        limits.startsPerSecond = 160
        limits.startsBurst = 320
        var shares = StartShares(limits, now: noon)
        let flood = try DeviceID(parsing: "lamp-0")
        let taken = (0..<10_000).count { _ in shares.take(flood, now: noon) }
        #expect(taken == 20)
        // Few share its slot.
        let others = try (1...100).map { try DeviceID(parsing: "lamp-\($0)") }
        let served = others.count { shares.take($0, now: noon) }
        #expect(served > 90)
    }

    @Test func `a share comes back with time`() throws {
        var limits = SessionLimits()
        limits.startsPerSecond = 16
        limits.startsBurst = 16
        var shares = StartShares(limits, now: noon)
        let lamp = try DeviceID(parsing: "lamp-1")
        while shares.take(lamp, now: noon) {}
        let later = [900, 1001, 1001].map { shares.take(lamp, now: noon + .milliseconds($0)) }
        #expect(later == [false, true, false])
    }

    @Test func `a small limit is not made smaller`() throws {
        var limits = SessionLimits()
        limits.startsPerSecond = 0.001
        limits.startsBurst = 2
        var shares = StartShares(limits, now: noon)
        let lamp = try DeviceID(parsing: "lamp-1")
        let taken = (0..<5).count { _ in shares.take(lamp, now: noon) }
        #expect(taken == 2)
    }
}
