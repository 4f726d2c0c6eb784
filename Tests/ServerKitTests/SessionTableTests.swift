import BoringCrypto
import EDHOC
import KeyExchange
import Testing

@testable import ServerKit

@Suite struct SessionTableTests {
    private let noon = ContinuousClock.now
    private let crypto = BoringCrypto()
    private let responder: Responder
    private let identity: SoftwareKey

    init() throws {
        let key = try crypto.generateAgreementKey(.p256)
        let ccs = CCS.encode(
            subject: "house",
            kid: [1],
            curve: .p256,
            publicKey: key.publicPoint
        )
        identity = SoftwareKey(key)
        responder = Responder(
            credential: try Credential(ccs: ccs, sentByValue: false),
            methods: [.staticDH],
            suites: [3],
            crypto: crypto
        )
    }

    private func entry(
        _ name: UInt8,
        on channel: String? = nil,
        began seconds: Int = 0
    ) throws -> SessionTable.Entry {
        let initiator = try Initiator(
            method: .staticDH,
            suites: [3],
            connectionID: ConnectionID([name]),
            ead1: [],
            crypto: crypto
        )
        let session = try ServerSession.begin(
            payload: [name],
            message1: initiator.message1,
            fleet: FleetID(parsing: "house"),
            responder: { [responder] _ in responder },
            connection: ConnectionID([0, name]),
            crypto: crypto
        )
        let began = noon + .seconds(seconds)
        return SessionTable.Entry(
            session: session,
            answering: Answering(generation: 1, responder: responder, identity: identity),
            channel: .enrolment(channel ?? "\(name)"),
            beginning: [name],
            began: began,
            deadline: began + .seconds(30)
        )
    }

    /// A table with challenged sessions 1, 2, 3 …, a second apart.
    private func table(_ count: UInt8) throws -> (SessionTable, [SessionTable.Entry]) {
        var table = SessionTable(capacity: Int(count))
        var entries: [SessionTable.Entry] = []
        for name in 1...count {
            let entry = try entry(name, began: Int(name))
            table.insert(entry)
            table.move(entry, to: .challenged, now: noon + .seconds(Int(name)))
            entries.append(entry)
        }
        return (table, entries)
    }

    private func names(_ table: SessionTable, _ count: UInt8) -> [UInt8] {
        (1...count).filter { !table.isFree(ConnectionID([0, $0])) }
    }

    @Test func `a session is found by its connection on its own channel alone`() throws {
        let (table, entries) = try table(2)
        let connection = ConnectionID([0, 1])
        #expect(table.entry(connection, on: .enrolment("1")) === entries[0])
        #expect(table.entry(connection, on: .enrolment("2")) == nil)
        #expect(table.entry(ConnectionID([0, 9]), on: .enrolment("1")) == nil)
        #expect(table.entry(on: .enrolment("2")) === entries[1])
        #expect(table.entry(on: .enrolment("3")) == nil)
    }

    @Test func `a full table waits patiently, then gives up the oldest half-open session`() throws {
        var (table, _) = try table(3)
        let patience = Duration.seconds(10)
        let hasRoom1 = table.makeRoom(now: noon + .seconds(11), patience: patience)
        #expect(!hasRoom1)
        #expect(names(table, 3) == [1, 2, 3])
        let hasRoom2 = table.makeRoom(now: noon + .seconds(12), patience: patience)
        #expect(hasRoom2)
        #expect(names(table, 3) == [2, 3])
        let hasRoom3 = table.makeRoom(now: noon, patience: patience)
        #expect(hasRoom3)
        #expect(names(table, 3) == [2, 3])
    }

    @Test func `a session that is over goes first, however young`() throws {
        var (table, entries) = try table(3)
        table.move(entries[2], to: .authentic, now: noon)
        table.move(entries[2], to: .over, now: noon)
        let hasRoom4 = table.makeRoom(now: noon + .seconds(3), patience: .seconds(10))
        #expect(hasRoom4)
        #expect(names(table, 3) == [1, 2])
    }

    @Test func `an authentic session is never given up for a newcomer`() throws {
        var (table, entries) = try table(2)
        for entry in entries { table.move(entry, to: .authentic, now: noon) }
        let hasRoom5 = table.makeRoom(now: noon + .seconds(1000), patience: .zero)
        #expect(!hasRoom5)
        #expect(table.count == 2)
    }

    @Test func `a session whose identity key is at work is never given up`() throws {
        var table = SessionTable(capacity: 1)
        let entry = try entry(1)
        entry.isBusy = true
        table.insert(entry)
        let hasRoom6 = table.makeRoom(now: noon + .seconds(1000), patience: .zero)
        #expect(!hasRoom6)
        let unfinished7 = table.expire(now: noon + .seconds(1000))
        #expect(unfinished7 == 0)
        #expect(table.busyCount == 1)
        // It is late: its time comes as soon as the work is done.
        entry.isBusy = false
        let unfinished8 = table.expire(now: noon + .seconds(1000))
        #expect(unfinished8 == 1)
        #expect(table.count == 0)
    }

    @Test func `a new session takes the place of the one on its channel`() throws {
        var (table, entries) = try table(2)
        let newer = try entry(9, on: "1", began: 5)
        table.insert(newer)
        #expect(table.count == 2)
        #expect(table.isFree(ConnectionID([0, 1])))
        #expect(table.entry(on: .enrolment("1")) === newer)
        // What the old one does later moves nothing.
        table.move(entries[0], to: .over, now: noon)
        table.remove(ConnectionID([0, 1]))
        #expect(table.entry(on: .enrolment("1")) === newer)
    }

    @Test func `time ends sessions in their order, and says which were unfinished`() throws {
        var (table, entries) = try table(4)
        table.move(entries[1], to: .over, now: noon)
        let unfinished9 = table.expire(now: noon + .seconds(30))
        #expect(unfinished9 == 0)
        #expect(table.count == 4)
        let unfinished10 = table.expire(now: noon + .seconds(33))
        #expect(unfinished10 == 2)
        #expect(names(table, 4) == [4])
        let unfinished11 = table.expire(now: noon + .seconds(33))
        #expect(unfinished11 == 0)
        let unfinished12 = table.expire(now: noon + .seconds(34))
        #expect(unfinished12 == 1)
        #expect(table.count == 0)
    }

    @Test func `sessions that come and go leave nothing behind`() throws {
        var table = SessionTable(capacity: 2)
        for round in 0..<500 {
            let entry = try entry(UInt8(round % 200) + 1, began: round)
            let hasRoom13 = table.makeRoom(now: noon + .seconds(round), patience: .zero)
            #expect(hasRoom13)
            table.insert(entry)
            table.move(entry, to: .challenged, now: noon + .seconds(round))
            if round % 3 == 0 { table.move(entry, to: .over, now: noon + .seconds(round)) }
            if round % 7 == 0 { table.remove(entry.session.connection) }
            #expect(table.count <= 2)
        }
        _ = table.expire(now: noon + .seconds(1000))
        #expect(table.count == 0)
        #expect(table.remembered == 0)
    }
}
