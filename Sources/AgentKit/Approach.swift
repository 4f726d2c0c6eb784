public import EDHOC
public import KeyExchange
public import KeyStore

/// How the next session begins, by what became of those before it; without I/O.
public struct Approach: Sendable {
    /// What a broken session means for the next one.
    public enum Consequence: Sendable {
        /// Begin another one after a pause.
        case retry
        /// The server lacks the suite that was selected, and another one is left to try: at once.
        case otherSuite
    }

    /// What the next handshake offers.
    private var suites = SuiteNegotiation(preferred: Profile.suites)
    /// How often in a row the server has not known this device by its kid.
    private var unknowns = 0
    private let patience: Int
    /// Sessions in a row that came to no authentic end.
    private var failures = 0
    /// The generation by which the server answered last, in this run of the agent.
    private var answering: UInt32?
    /// The newest generation that the device had when a session began last.
    private var newest: UInt32?

    /// Introduces the device again after it was unknown `patience` times in a row.
    public init(patience: Int) { self.patience = patience }

    /// The suites to offer.
    public var offer: [CipherSuite.ID] { suites.offer }

    /// The anchor by which the server must answer the next session: the one that it answered by last, at
    /// the start and after a new one was pinned the newest; after every third failure in a row the next
    /// one, and so round.
    ///
    /// A server that was restored may know the newest no more, and one that has switched may have
    /// forgotten the older one.
    public mutating func anchor(of device: DeviceRecord) -> PinnedAnchor {
        if newest != device.newestAnchor.generation {
            // The server waits to be talked to under this one.
            (newest, answering, failures) = (device.newestAnchor.generation, nil, 0)
        }
        let newestFirst = Array(device.anchors.reversed())
        let start = newestFirst.firstIndex { $0.generation == answering } ?? 0
        return newestFirst[(start + failures / Self.failuresOfAnAnchor) % newestFirst.count]
    }

    private static let failuresOfAnAnchor = 3

    /// The server has answered by this anchor, authentically.
    public mutating func heard(_ anchor: PinnedAnchor) {
        failures = 0
        answering = anchor.generation
    }

    /// Whether the next session shall send the credential whole, once for each time that it says so.
    ///
    /// A server that came back from an old copy of itself may know the public key and no kid.
    /// Nobody authenticates an error, and this is no more than another try.
    public mutating func takeIntroduction() -> Bool {
        guard unknowns >= patience else { return false }
        unknowns = 0
        return true
    }

    /// A session came to its end.
    public mutating func settled() { unknowns = 0 }

    /// A session took too long, or could not go on.
    public mutating func broke() {
        // Anyone may have brought the other suite about: the next try begins with the best one.
        suites = SuiteNegotiation(preferred: Profile.suites)
        failures = (failures + 1) % 1024
    }

    /// A session failed.
    ///
    /// Each suite is tried once in a row, so that an error message that a broker makes up and repeats
    /// leads to the pauses of any other failure.
    public mutating func failed(_ failure: SessionFailure) -> Consequence {
        if case .peerError(.unknownCredential) = failure { unknowns += 1 }
        if case .peerError(.wrongSuite(let supported)) = failure {
            do throws(EDHOCError) {
                try suites.refused(supported: supported)
                return .otherSuite
            } catch {}
        }
        broke()
        return .retry
    }
}
