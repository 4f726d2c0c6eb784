import Fleet
import GRDB
import KeyExchange
import Testing

@testable import Registry

@Suite struct WriterTests {
    private let home: Home

    init() throws { home = try Home() }

    @Test func `a change that fails in the middle is undone alone`() async throws {
        let registry = try await home.lights()
        struct Stop: Error {}
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    _ = try? await registry.writer.perform { transaction in
                        try transaction.audit(
                            AuditEvent(
                                time: 1,
                                kind: .groupCreated,
                                actor: "a",
                                details: ["number": "\(number)"]
                            )
                        )
                        transaction.count(.enrolled)
                        if number.isMultiple(of: 3) { throw Stop() }
                    }
                }
            }
        }
        let rows = try await registry.auditList(AuditFilter(kind: .groupCreated), limit: 1000)
        let numbers = rows.compactMap { $0.event.details["number"].flatMap { Int($0) } }
        #expect(numbers.sorted() == (0..<100).filter { !$0.isMultiple(of: 3) })
        #expect(try await registry.status(now: 1).devices[.enrolled] == 66)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `a full queue refuses, and serves again when it has drained`() async throws {
        let registry = try await home.lights()
        let writer = Writer(
            store: registry.store,
            room: registry.room,
            vault: registry.vault,
            changes: registry.changes,
            head: try await registry.status(now: 1).audit,
            capacity: 4
        )
        let refused = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do throws(RegistryError) {
                        try await writer.perform { transaction in
                            try transaction.run("SELECT 1")
                        }
                        return 0
                    } catch {
                        #expect(error.code == .busy)
                        return 1
                    }
                }
            }
            return await group.reduce(0, +)
        }
        try await writer.perform { transaction in try transaction.run("SELECT 1") }
        #expect(refused < 50)
    }

    @Test func `nothing is taken after the end`() async throws {
        let registry = try await home.lights()
        await registry.close()
        await #expect(throws: RegistryError.self) {
            try await registry.createGroup(GroupName(parsing: "doors"), actor: "a", now: 1)
        }
    }

    @Test func `a full disk changes nothing, and room helps`() async throws {
        let registry = try await home.lights()
        let before = try await registry.status(now: 1)
        func limit(_ extra: Int) throws {
            try registry.store.pool.writeWithoutTransaction { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages + extra)")
            }
        }
        try limit(0)
        var refused: RegistryError?
        var made = 0
        for number in 0..<2000 where refused == nil {
            let name = try GroupName(parsing: "group-\(number)")
            do throws(RegistryError) {
                _ = try await registry.createGroup(name, actor: "a", now: 1)
                made += 1
            } catch {
                refused = error
            }
        }
        #expect(refused?.code == .diskFull)
        #expect(try await registry.auditVerify().fault == nil)
        #expect(
            try await registry.status(now: 1).audit.count == before.audit.count + Int64(made)
        )
        try limit(10_000)
        _ = try await registry.createGroup(GroupName(parsing: "doors"), actor: "a", now: 1)
        #expect(try await registry.listGroups().count == made + 2)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `a full disk in the middle of an enrolment loses nothing`() async throws {
        let registry = try await home.lights()
        let bundle = try await registry.bundle(uses: 10_000)
        try await registry.store.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages + 3)")
        }
        var enrolled = 0
        var isFull = false
        for number in 0..<500 where !isFull {
            var lamp = try FakeDevice("lamp-\(number)")
            do {
                _ = try await lamp.enrol(with: bundle, at: registry)
                enrolled += 1
            } catch {
                isFull = true
            }
        }
        #expect(isFull)
        let left = try await registry.listBundles()[0].usesLeft
        let devices = try home.number("SELECT COUNT(*) FROM device")
        #expect(Int(10_000 - left) == devices)
        #expect((enrolled...enrolled + 1).contains(devices))
        #expect(try home.number("SELECT devices FROM state_count WHERE state = 2") == devices)
        #expect(try await registry.auditVerify().fault == nil)
    }

    @Test func `those who wait are woken after the commit`() async throws {
        let registry = try await home.lights()
        var lamp = try FakeDevice("lamp-1")
        var accounts = registry.accountSignals().makeAsyncIterator()
        var outbox = registry.outboxSignals().makeAsyncIterator()
        await accounts.next()
        await outbox.next()
        _ = try await lamp.enrol(with: registry.bundle(), at: registry)
        await accounts.next()
        #expect(try await registry.brokerAccounts().count == 1)
        _ = try await registry.rotate(.device(lamp.id), key: nil, actor: "a", now: 1)
        await outbox.next()
        let items = try await registry.takeOutbox(limit: 1)
        #expect(items.map(\.device) == [lamp.id])
        #expect(try await registry.takeOutbox(after: items[0].id, limit: 1).isEmpty)
        await registry.close()
        #expect(await outbox.next() == nil)
    }
}
