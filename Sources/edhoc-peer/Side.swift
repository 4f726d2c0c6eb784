internal import EDHOC
internal import Secrets

/// What the options come to, for either role.
struct Side {
    let options: PeerOptions
    let crypto: any Crypto
    let own: Credential
    let peer: Credential
    let connectionID: ConnectionID
    /// EAD_1 to EAD_4 as they are to be sent.
    let ead: [[EADItem]]
    let understood: Set<Int>

    init(_ options: PeerOptions) throws {
        self.options = options
        crypto = options.crypto.crypto
        do throws(EDHOCError) {
            own = try Self.credential(options.cred, options.idCred, key: nil)
            peer = try Self.credential(options.peerCred, options.peerIDCred, key: options.peerKey)
            ead = [
                try EADItem.parse(options.ead1?.bytes ?? []),
                try EADItem.parse(options.ead2?.bytes ?? []),
                try EADItem.parse(options.ead3?.bytes ?? []),
                try EADItem.parse(options.ead4?.bytes ?? []),
            ]
        } catch {
            // A fault of the command line is none of the peer's business.
            throw Failure("in the options: \(error)")
        }
        guard !peer.publicKey.isEmpty else {
            throw Failure("the peer's credential is opaque: give its key with --peer-key")
        }
        let identifier = try options.cid?.bytes ?? crypto.randomBytes(4)
        guard identifier.count <= ConnectionID.maximumLength else {
            throw Failure(
                "want --cid of at most \(ConnectionID.maximumLength) bytes, "
                    + "have \(identifier.count)"
            )
        }
        connectionID = ConnectionID(identifier)
        understood = options.understood?.labels ?? []
    }

    /// A credential from its bytes: its key given beside it, or that of a CCS.
    private static func credential(
        _ encoded: HexBytes,
        _ id: HexBytes,
        key: HexBytes?
    ) throws(EDHOCError) -> Credential {
        let publicKey = key?.bytes ?? (try? CCS(parsing: encoded.bytes))?.publicKey ?? []
        return Credential(
            encoded: encoded.bytes,
            id: try CredentialID(encoded: id.bytes),
            publicKey: publicKey
        )
    }

    /// Performs what the handshake asks of the long-term key.
    func perform(_ operation: LongTermOperation) throws -> LongTermResult {
        let raw = Secret(copying: options.key.bytes.rawSpan)
        let key =
            switch operation {
            case .agree(let curve, _):
                SoftwareKey(try crypto.agreementKey(curve, privateKey: raw))
            case .sign(let algorithm, _):
                SoftwareKey(try crypto.signingKey(algorithm, privateKey: raw))
            }
        return try key.performNow(operation)
    }

    /// The last line of a handshake that succeeded.
    func report(_ session: borrowing EDHOCSession, ead: [Int: [EADItem]]) -> Report {
        Report(
            prk_out: session.withPRKOut { Hex.encode([UInt8](copying: $0)) },
            exporter0: session.exporter(label: 0, context: [], count: 16)
                .withBytes { Hex.encode([UInt8](copying: $0)) },
            suite: session.suite.id.rawValue,
            ead: Dictionary(
                uniqueKeysWithValues: ead.filter { !$0.value.isEmpty }
                    .map { (String($0.key), Hex.encode(EADItem.encode($0.value))) }
            )
        )
    }
}

/// The initiator's steps.
struct InitiatorSide {
    private let side: Side

    init(_ options: PeerOptions) throws { side = try Side(options) }

    func run() throws -> Report {
        let initiator = try Initiator(
            method: side.options.method.method,
            suites: side.options.suites?.suites ?? [3],
            connectionID: side.connectionID,
            ead1: side.ead[0],
            crypto: side.crypto
        )
        Wire.send(initiator.message1)
        let received = try initiator.receive(
            message2: try Wire.receive("message_2"),
            understood: side.understood
        )
        let ead2 = received.ead2
        let waiting = try received.verify(peer: side.peer, own: side.own)
            .prepare(as: side.own, ead3: side.ead[2])
        let result = try side.perform(waiting.operation)
        let finished = try waiting.finish(result)
        Wire.send(finished.message3)
        guard side.options.message4 == .yes else {
            return side.report(finished.completeWithoutMessage4().session, ead: [2: ead2])
        }
        let done = try finished.receive(
            message4: try Wire.receive("message_4"),
            understood: side.understood
        )
        return side.report(done.session, ead: [2: ead2, 4: done.ead4])
    }
}

/// The responder's steps.
struct ResponderSide {
    private let side: Side

    init(_ options: PeerOptions) throws { side = try Side(options) }

    func run() throws -> Report {
        let method = side.options.method.method
        let available = CipherSuite.all.filter {
            $0.isAvailable(with: side.crypto, method: method)
        }
        let responder = Responder(
            credential: side.own,
            methods: [method],
            suites: side.options.supported?.suites ?? available.map(\.id),
            crypto: side.crypto
        )
        let received = try responder.receive(
            message1: try Wire.receive("message_1"),
            understood: side.understood
        )
        let ead1 = received.ead1
        let waiting = try received.prepare(connectionID: side.connectionID, ead2: side.ead[1])
        let result = try side.perform(waiting.operation)
        let sent = try waiting.finish(result)
        Wire.send(sent.message2)
        let verified = try sent.receive(
            message3: try Wire.receive("message_3"),
            understood: side.understood
        ).verify(peer: side.peer)
        let ead3 = verified.ead3
        guard side.options.message4 == .yes else {
            return side.report(
                verified.completeWithoutMessage4().session,
                ead: [1: ead1, 3: ead3]
            )
        }
        let done = try verified.finish(ead4: side.ead[3])
        if let message4 = done.message4 { Wire.send(message4) }
        return side.report(done.session, ead: [1: ead1, 3: ead3])
    }
}
