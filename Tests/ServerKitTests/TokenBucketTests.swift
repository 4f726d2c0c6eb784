import Testing

@testable import ServerKit

@Suite struct TokenBucketTests {
    private let noon = ContinuousClock.now

    /// What a bucket of two tokens a second and three at once says at these seconds after noon.
    private func answers(_ seconds: [Double], burst: Double = 3) -> [Bool] {
        var bucket = TokenBucket(perSecond: 2, burst: burst, now: noon)
        return seconds.map { bucket.take(now: noon + .seconds($0)) }
    }

    @Test func `a burst passes, and then one by one`() {
        #expect(
            answers([0, 0, 0, 0, 0.5, 0.5, 1, 1])
                == [true, true, true, false, true, false, true, false]
        )
    }

    @Test func `a clock that stands still adds nothing`() {
        #expect(answers([Double](repeating: 0, count: 1000)).count { $0 } == 3)
    }

    @Test func `a clock that goes back adds nothing, now and when it comes forward again`() {
        #expect(
            answers([0, 0, 0, -100, 0, 0.4, 1, 1])
                == [true, true, true, false, false, false, true, true]
        )
        #expect(answers([0, 0, 0, -100, -50, -99, 0]).count { $0 } == 3)
    }

    @Test func `a long pause gathers a burst and no more`() {
        #expect(answers([Double](repeating: 1_000_000, count: 100)).count { $0 } == 3)
    }

    @Test func `refusals cost nothing`() {
        let asked = [Double](repeating: 0, count: 1000) + [1, 1, 1]
        #expect(answers(asked).suffix(3) == [true, true, false])
    }

    @Test func `a bucket that holds less than one token lets nobody pass`() {
        #expect(answers([0, 60, 3600], burst: 0.5) == [false, false, false])
    }
}
