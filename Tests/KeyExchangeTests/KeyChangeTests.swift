import EDHOC
import KeyExchange
import Testing

struct KeyChangeTests {
    @Test func `a new epoch comes into use and the old one stays for its grace`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data, 1)]
        let first = try scene.acquaintance()
        try scene.converse(first)
        let next = try scene.key(.data, 2)
        scene.hall.desired = [next]
        let second = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(second)
        #expect(second.pocket.states(.data) == [.grace, .primary])
        #expect(second.pocket.primary(.data) == clear(next.material.secret))
    }

    @Test func `nothing to do is settled in two round trips`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let first = try scene.acquaintance()
        try scene.converse(first)
        let second = try scene.acquaintance(first.pocket, connection: 2)
        #expect(try scene.converse(second).count == 4)
        #expect(second.effects == [.settled])
        #expect(second.lastSettle?.verdicts == [])
    }

    @Test func `a lost SETTLE is made good in the next session, without a new key`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let first = try scene.acquaintance()
        try scene.converse(first) { $0 == 6 ? [] : [$1] }
        #expect(first.pocket.states(.data) == [.pending])
        let second = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(second)
        #expect(second.effects == [.settled])
        #expect(second.pocket.states(.data) == [.primary])
    }

    @Test func `two keys are offered and confirmed at once`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data), try scene.key(.sign)]
        let lamp = try scene.acquaintance()
        try scene.converse(lamp)
        #expect(lamp.effects == [.installed([.data, .sign]), .settled])
        #expect(lamp.pocket.keys.count == 2)
    }

    @Test(arguments: FailureKind.allCases)
    func `a key that cannot be taken is reported with its kind, the others stay`(
        kind: FailureKind
    ) throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data), try scene.key(.sign)]
        let lamp = try scene.acquaintance()
        lamp.pocket.refusals = [.data: kind]
        try scene.converse(lamp)
        #expect(
            scene.hall.effects == [
                .reconciled,
                .confirmed([
                    InstallResult(name: .data, epoch: .first, failure: kind),
                    InstallResult(name: .sign, epoch: .first, failure: nil),
                ]),
            ]
        )
        #expect(lamp.pocket.states(.sign) == [.primary])
        #expect(lamp.pocket.states(.data) == [])
    }

    @Test func `a proof made with another key is a mismatch`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        scene.hall.known[eight(0x1a)] = scene.lampParty.credential
        let crypto = LabCrypto()
        let lamp = try Lamp(
            scene.lampParty,
            hall: scene.hall.party.credential,
            crypto: crypto
        )
        try scene.converse(lamp) { number, payload in
            // From OFFER on, the lamp's proofs come out wrong.
            if number == 4 { crypto.isBroken = true }
            return [payload]
        }
        #expect(
            scene.hall.effects.last
                == .confirmed([
                    InstallResult(name: .data, epoch: .first, failure: .proofMismatch)
                ])
        )
        #expect(lamp.pocket.states(.data) == [])
    }

    @Test func `a retirement is obeyed and receipted with thumbprints`() throws {
        let scene = try Scene()
        let key = try scene.key()
        scene.hall.desired = [key]
        let first = try scene.acquaintance()
        try scene.converse(first)
        let operation = try #require(OperationID(bytes: eight(0xee)))
        scene.hall.retirement = Retire(operation: operation, counter: 7, scope: .device)
        let second = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(second)
        #expect(second.effects == [.retired, .settled])
        #expect(second.pocket.keys.isEmpty)
        #expect(second.pocket.lastOrder == 7)
        let thumbprint = Thumbprint(of: key.material.secret, crypto: scene.crypto)
        #expect(
            scene.hall.effects.last
                == .acknowledged(
                    Receipt(
                        operation: operation,
                        counter: 7,
                        destroyed: [
                            DestroyedKey(name: .data, epoch: .first, thumbprint: thumbprint)
                        ]
                    )
                )
        )
    }

    @Test func `a retirement of one key leaves the other`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data), try scene.key(.sign)]
        let first = try scene.acquaintance()
        try scene.converse(first)
        scene.hall.retirement = Retire(
            operation: try #require(OperationID(bytes: eight(1))),
            counter: 1,
            scope: .keys([.data])
        )
        let second = try scene.acquaintance(first.pocket, connection: 2)
        try scene.converse(second)
        #expect(second.pocket.keys.keys.sorted() == [.sign])
    }

    @Test func `a retired device that comes back is told again`() throws {
        let scene = try Scene()
        scene.hall.retirement = Retire(
            operation: try #require(OperationID(bytes: eight(1))),
            counter: 1,
            scope: .device
        )
        for connection: UInt8 in [1, 2] {
            let lamp = try scene.acquaintance(connection: connection)
            try scene.converse(lamp)
            #expect(lamp.effects == [.retired, .settled])
        }
    }
}
