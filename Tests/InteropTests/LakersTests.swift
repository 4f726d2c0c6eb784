import BoringCrypto
import EDHOC
import MbedCrypto
import Secrets
import Testing

/// Handshakes with lakers 0.6.2, in both roles, over the whole of what it can do.
@Suite struct LakersTests {
    /// One cell of the matrix.
    struct Cell: Sendable, CustomTestStringConvertible {
        enum EAD: String, CaseIterable, Sendable { case none, token, padding, unknown }

        var byValue: Bool
        var cidLength: Int
        var ead: EAD
        var usesMessage4: Bool
        var usesBoringSSL: Bool
        var suites: [CipherSuite.ID]

        var testDescription: String {
            "\(byValue ? "value" : "kid"), C_x \(cidLength) B, EAD \(ead), "
                + "\(usesMessage4 ? "with" : "no") message_4, suites \(suites), "
                + (usesBoringSSL ? "boringssl" : "mbedtls")
        }

        static let all: [Cell] = {
            var cells: [Cell] = []
            let lists: [[CipherSuite.ID]] = [[2], [3, 2], [6, 2]]
            for byValue in [false, true] {
                for cidLength in [1, 8, 23] {
                    for ead in EAD.allCases {
                        for usesMessage4 in [true, false] {
                            // Suites and libraries turn at a pace of their own.
                            let index = cells.count
                            cells.append(
                                Cell(
                                    byValue: byValue,
                                    cidLength: cidLength,
                                    ead: ead,
                                    usesMessage4: usesMessage4,
                                    usesBoringSSL: (index / 2).isMultiple(of: 2),
                                    suites: lists[(index / 3) % 3]
                                )
                            )
                        }
                    }
                }
            }
            return cells
        }()

        var crypto: any Crypto { usesBoringSSL ? BoringCrypto() : MbedCrypto() }
        var cid: ConnectionID {
            ConnectionID((0..<cidLength).map { UInt8(0x30 + $0) })
        }
        /// lakers 0.6.2 encodes a context_3 of 256 bytes and more wrongly, so less fits by value.
        private var token: EADItem {
            EADItem(
                65001,
                isCritical: true,
                value: Array(repeating: 7, count: byValue ? 8 : 48)
            )
        }
        var items: [[EADItem]] {
            switch ead {
            case .none: [[], [], [], []]
            case .token:
                [[], [], [token], []]
            case .padding: [[.padding(5)], [.padding(1)], [.padding(40)], [.padding(3)]]
            case .unknown:
                [
                    [EADItem(4711, value: [1])], [EADItem(4711)], [EADItem(9, value: [2, 3])],
                    [EADItem(1)],
                ]
            }
        }
    }

    /// A key and its CCS, as both libraries take them.
    struct Identity {
        let credential: Credential
        let key: any AgreementKey

        init(_ name: String, kid: UInt8, _ cell: Cell) throws {
            key = try cell.crypto.generateAgreementKey(.p256)
            credential = try Credential(
                ccs: CCS.encode(
                    subject: name,
                    kid: [kid],
                    curve: .p256,
                    publicKey: key.publicPoint
                ),
                sentByValue: cell.byValue
            )
        }

        func config(_ cell: Cell, peer: Identity) -> LakersPeer.Config {
            LakersPeer.Config(
                key: key.export().withBytes { hexText([UInt8](copying: $0)) },
                cred: hexText(credential.encoded),
                peer: hexText(peer.credential.encoded),
                transfer: cell.byValue ? "value" : "reference",
                cid: hexText(cell.cid.bytes),
                message4: cell.usesMessage4,
                ead: cell.items.map { $0.map(LakersEAD.init) }
            )
        }
    }

    @Test(arguments: Cell.all)
    func `our initiator, their responder`(_ cell: Cell) throws {
        let lamp = try Identity("lamp", kid: 0x2b, cell)
        let hall = try Identity("hall", kid: 0x32, cell)
        let lakers = try LakersPeer(.responder, hall.config(cell, peer: lamp))
        let initiator = try Initiator(
            method: .staticDH,
            suites: cell.suites,
            connectionID: cell.cid,
            ead1: cell.items[0],
            crypto: cell.crypto
        )
        try lakers.send(initiator.message1)
        let received = try initiator.receive(message2: try lakers.receive())
        #expect(received.peerConnectionID == cell.cid)
        #expect(received.ead2 == cell.items[1])
        let waiting = try received.verify(peer: hall.credential, own: lamp.credential)
            .prepare(as: lamp.credential, ead3: cell.items[2])
        let result = try SoftwareKey(lamp.key).performNow(waiting.operation)
        let finished = try waiting.finish(result)
        try lakers.send(finished.message3)
        var done =
            if cell.usesMessage4 {
                try finished.receive(message4: try lakers.receive())
            } else {
                finished.completeWithoutMessage4()
            }
        #expect(done.ead4 == (cell.usesMessage4 ? cell.items[3] : []))
        let theirs = try lakers.result()
        compare(&done.session, theirs)
        #expect(theirs.ead?["3"] == cell.heardByLakers(3))
        #expect(theirs.ead?["1"] == cell.heardByLakers(1))
    }

    @Test(arguments: Cell.all)
    func `their initiator, our responder`(_ cell: Cell) throws {
        let lamp = try Identity("lamp", kid: 0x2b, cell)
        let hall = try Identity("hall", kid: 0x32, cell)
        let lakers = try LakersPeer(.initiator, lamp.config(cell, peer: hall))
        let responder = Responder(
            credential: hall.credential,
            methods: [.staticDH],
            suites: [2, 3],
            crypto: cell.crypto
        )
        let received = try responder.receive(message1: try lakers.receive())
        #expect(received.peerConnectionID == cell.cid)
        #expect(received.ead1 == cell.items[0])
        let waiting = try received.prepare(connectionID: cell.cid, ead2: cell.items[1])
        let result = try SoftwareKey(hall.key).performNow(waiting.operation)
        let sent = try waiting.finish(result)
        try lakers.send(sent.message2)
        let identified = try sent.receive(
            message3: try lakers.receive(),
            understood: [65001]
        )
        #expect(identified.ead3 == cell.items[2])
        let verified = try identified.verify(peer: lamp.credential)
        var done =
            if cell.usesMessage4 {
                try verified.finish(ead4: cell.items[3])
            } else {
                verified.completeWithoutMessage4()
            }
        if let message4 = done.message4 { try lakers.send(message4) }
        let theirs = try lakers.result()
        compare(&done.session, theirs)
        #expect(theirs.ead?["2"] == cell.heardByLakers(2))
    }

    private func compare(_ session: inout EDHOCSession, _ theirs: LakersPeer.Result) {
        #expect(theirs.error == nil)
        let out = session.withPRKOut { hexText([UInt8](copying: $0)) }
        #expect(out == theirs.prk_out)
        let exported = session.exporter(label: 0, context: [], count: 16)
            .withBytes { hexText([UInt8](copying: $0)) }
        #expect(exported == theirs.exporter0)
        session.keyUpdate(context: Array(0..<16))
        let updated = session.withPRKOut { hexText([UInt8](copying: $0)) }
        #expect(updated == theirs.updated)
    }
}

extension LakersTests.Cell {
    /// What lakers hands to its application of what we sent.
    fileprivate func heardByLakers(_ message: Int) -> [LakersEAD] {
        items[message - 1].map(LakersEAD.init)
    }
}

extension LakersEAD {
    init(_ item: EADItem) {
        self.init(item.label, isCritical: item.isCritical, value: item.value.map(hexText))
    }
}
