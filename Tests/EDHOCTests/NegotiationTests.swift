import EDHOC
import Testing

/// How the two sides find their suite, and how a downgrade shows.
@Suite struct NegotiationTests {
    private func responder(_ suites: [CipherSuite.ID]) throws -> Responder {
        Responder(
            credential: try Handshake().hall.credential,
            methods: [.staticDH],
            suites: suites,
            crypto: Provider.mbedTLS.crypto
        )
    }

    @Test func `the exchange of RFC 9529 chapter 3`() throws {
        let chapter = try RFC9529.load().chapter3
        guard let first = chapter.negotiation else {
            Issue.record("no negotiation in the vectors")
            return
        }
        var negotiation = SuiteNegotiation(preferred: [6, 2])
        #expect(negotiation.offer == [6])
        let refusal = #expect(throws: EDHOCError.self) {
            _ = try responder([2]).receive(message1: first["message_1"])
        }
        #expect(refusal?.errorMessage.encoded == first["error"])
        guard case .wrongSuite(let supported) = try EDHOCErrorMessage(encoded: first["error"])
        else {
            Issue.record("not an error about suites")
            return
        }
        try negotiation.refused(supported: supported)
        #expect(negotiation.offer == [6, 2])
        let second = RFC9529.Values(values: chapter.values)["message_1"]
        #expect(try responder([2]).receive(message1: second).suite.id == 2)
    }

    @Test func `a responder that has a preferred suite refuses another`() throws {
        let initiator = try Initiator(
            method: .staticDH,
            suites: [3, 2],
            connectionID: ConnectionID([1]),
            crypto: Provider.mbedTLS.crypto
        )
        let message1 = initiator.message1
        #expect(throws: EDHOCError(.suiteNotPreferred, "")) {
            _ = try responder([2, 3]).receive(message1: message1)
        }
        #expect(try responder([2]).receive(message1: message1).suite.id == 2)
    }

    @Test func `the error lists every suite that the responder has`() throws {
        let message1 = try Handshake(suite: 5).initiator().message1
        let refusal = #expect(throws: EDHOCError.self) {
            _ = try responder([3, 2, 25]).receive(message1: message1)
        }
        // 25 is allowed by the configuration and absent from the libraries.
        #expect(refusal?.code == .unsupportedSuite([3, 2]))
        #expect(refusal?.errorMessage.encoded == hex("02820302"))
    }

    @Test func `a suite that nobody knows may stand before the selected one`() throws {
        let initiator = try Initiator(
            method: .staticDH,
            suites: [-21, 4711, 3],
            connectionID: ConnectionID([1]),
            crypto: Provider.mbedTLS.crypto
        )
        #expect(try responder([3]).receive(message1: initiator.message1).suite.id == 3)
    }

    @Test func `a broker that repeats an error gets nowhere`() throws {
        var negotiation = SuiteNegotiation(preferred: [24, 3, 2])
        try negotiation.refused(supported: [2])
        #expect(negotiation.offer == [24, 3, 2])
        #expect(throws: EDHOCError(.noCommonSuite, "")) {
            var copy = negotiation
            try copy.refused(supported: [2])
        }
        // An error cannot make it go back to a suite that was tried, either.
        #expect(throws: EDHOCError(.noCommonSuite, "")) {
            var copy = negotiation
            try copy.refused(supported: [3, 2])
        }
    }

    @Test(arguments: [[], [7], [25, 0], [3]] as [[CipherSuite.ID]])
    func `no common suite is the end`(_ supported: [CipherSuite.ID]) {
        #expect(throws: EDHOCError(.noCommonSuite, "")) {
            var negotiation = SuiteNegotiation(preferred: [3, 2])
            try negotiation.refused(supported: supported)
        }
    }
}
