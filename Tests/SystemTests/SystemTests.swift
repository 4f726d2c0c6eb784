import EstateHarness
import BrokerHarness
import Foundation
import Testing

/// Faults that only whole systems have: real processes, a real broker, real disks.
///
/// One after the other, since each starts half a dozen processes.
@Suite(.serialized, .timeLimit(.minutes(2))) enum SystemTests {
    /// A seed that is printed, and that `LATCHKEY_SEED` sets to play a run again.
    static func seed(_ test: String = #function) -> UInt64 {
        let given = ProcessInfo.processInfo.environment["LATCHKEY_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 1...999_999)
        print("seed \(seed): \(test)")
        return seed
    }
}
