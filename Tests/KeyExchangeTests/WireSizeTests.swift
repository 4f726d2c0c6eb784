import EDHOC
import KeyExchange
import Testing

struct WireSizeTests {
    /// The budget of a whole enrolment with one key, all payloads of both directions.
    private static let budget = 600

    @Test func `an enrolment with one key is within its budget of bytes`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        let sizes = try scene.converse(lamp).map(\.count)
        #expect(lamp.isSettled)
        let sum = sizes.reduce(0, +)
        print("enrolment with one key: \(sizes) = \(sum) payload bytes")
        #expect(sum <= Self.budget)
    }

    @Test func `a later session that finds nothing to do is a third of that`() throws {
        let scene = try Scene()
        let lamp = try scene.acquaintance()
        let sizes = try scene.converse(lamp).map(\.count)
        #expect(lamp.isSettled)
        let sum = sizes.reduce(0, +)
        print("nothing to do: \(sizes) = \(sum) payload bytes")
        #expect(sum <= 400)
    }
}
