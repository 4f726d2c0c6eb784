import EDHOC
import KeyExchange
import Testing

struct SuiteTests {
    @Test func `a hall without suite 3 leads the lamp to suite 2`() throws {
        let scene = try Scene()
        scene.hall.suites = [2]
        var negotiation = SuiteNegotiation(preferred: Profile.suites)
        let first = try lamp(scene, negotiation, connection: 1)
        try scene.converse(first)
        guard case .failed(.peerError(.wrongSuite(let supported)))? = first.effects.first else {
            Issue.record("want error 2, have \(first.effects)")
            return
        }
        #expect(supported == [2])
        try negotiation.refused(supported: supported)
        #expect(negotiation.offer == [3, 2])
        let second = try lamp(scene, negotiation, connection: 2)
        try scene.converse(second)
        #expect(second.isSettled)
    }

    @Test func `a hall that has suite 3 does not take suite 2 from a lamp that prefers 3`() throws {
        let scene = try Scene()
        var negotiation = SuiteNegotiation(preferred: Profile.suites)
        // A broker invents the error message.
        try negotiation.refused(supported: [2])
        let lamp = try lamp(scene, negotiation, connection: 1)
        try scene.converse(lamp)
        #expect(!lamp.hasActed)
        #expect(
            scene.hall.effects
                == [.failed(.handshake(EDHOCError(.suiteNotPreferred, "")))]
        )
    }

    @Test func `the same error twice ends the negotiation`() throws {
        var negotiation = SuiteNegotiation(preferred: Profile.suites)
        try negotiation.refused(supported: [2])
        #expect(throws: EDHOCError.self) { try negotiation.refused(supported: [2]) }
    }

    @Test func `a suite that the library lacks cannot be offered`() throws {
        let scene = try Scene()
        #expect(throws: SessionFailure.self) {
            _ = try Lamp(
                scene.lampParty,
                hall: scene.hall.party.credential,
                suites: [25],
                crypto: scene.crypto
            )
        }
    }

    @Test func `message_1 is refused without its C_I when that cannot be read`() {
        let error = EDHOCError(.malformed, "")
        #expect(Frame.refusal(of: [], because: error) == nil)
        #expect(Frame.refusal(of: [3, 2, 0x41], because: error) == nil)
        #expect(
            Frame.refusal(of: [3, 2, 0x40, 0x0e], because: error)
                == .error(ConnectionID([0x0e]), .unspecified("handshake failed"))
        )
    }

    private func lamp(
        _ scene: Scene,
        _ negotiation: SuiteNegotiation,
        connection: UInt8
    ) throws -> Lamp {
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        return try Lamp(
            scene.lampParty,
            hall: scene.hall.party.credential,
            suites: negotiation.offer,
            connection: ConnectionID(eight(connection)),
            crypto: scene.crypto
        )
    }
}
