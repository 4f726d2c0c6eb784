import Fleet
import KeyExchange
import Registry
import Testing

@Suite struct NoticeTests {
    /// Lamps that say they know later keys than the server.
    private func ahead(_ count: Int) async throws -> (Home, Registry) {
        let home = try Home()
        let registry = try await home.lights()
        let bundle = try await registry.bundle()
        for number in 1...count {
            var lamp = try FakeDevice("lamp-\(number)")
            _ = try await lamp.enrol(with: bundle, at: registry)
            let door = try KeyName(parsing: "door")
            lamp.held[door] = lamp.held[door]?.map { held in
                Report.HeldEpoch(epoch: Epoch(9) ?? .first, state: .primary, check: held.check)
            }
            _ = try await lamp.talk(to: registry, now: Home.now + Int64(number))
        }
        return (home, registry)
    }

    @Test func `a notice stays until it is dismissed, and remembers first and last`() async throws {
        var story = try await LampStory.begin()
        for step in Int64(0)...2 {
            story.lamp.lastOrder += 5
            try await story.talk(now: Home.now + step)
        }
        let notice = try #require(try await story.registry.notices(.ahead).first)
        #expect(notice.firstAt == Home.now && notice.lastAt == Home.now + 2)
        try await story.restart()
        try await story.talk(now: Home.now + 9)
        #expect(try await story.registry.notices(.ahead) == [notice])
        #expect(
            try await story.registry.dismissNotice(
                .ahead,
                of: story.lamp.id,
                actor: "uid:x",
                now: 5
            )
        )
        #expect(try await story.notices.isEmpty)
        let row = try await story.registry.auditList(AuditFilter(kind: .noticeDismissed)).last
        #expect(row?.event.actor == "uid:x" && row?.event.details == ["notice": "ahead"])
    }

    @Test func `dismissing what is not there is no fault and no row`() async throws {
        let story = try await LampStory.begin()
        #expect(
            try await !story.registry.dismissNotice(
                .cloned,
                of: story.lamp.id,
                actor: "a",
                now: 5
            )
        )
        #expect(try await !story.kinds.contains(.noticeDismissed))
        let nobody = try DeviceID(parsing: "nobody")
        #expect(
            await fault {
                _ = try await story.registry.dismissNotice(
                    .cloned,
                    of: nobody,
                    actor: "a",
                    now: 5
                )
            } == .notFound
        )
    }

    @Test func `notices come in pages, one kind at a time`() async throws {
        let (home, registry) = try await ahead(5)
        let first = try await registry.notices(.ahead, limit: 3)
        let rest = try await registry.notices(.ahead, after: first.last?.device, limit: 3)
        #expect((first + rest).map(\.device.description) == (1...5).map { "lamp-\($0)" })
        #expect(try await registry.notices(.cloned).isEmpty)
        #expect(try await registry.status(now: 1).notices == [.ahead: 5])
        // The word of a newer program is no error here.
        try home.tamper("INSERT INTO notice VALUES (1, 'melted', 1, 1)")
        #expect(try await registry.status(now: 1).notices == [.ahead: 5])
        #expect(try await registry.device(DeviceID(parsing: "lamp-1")).notices.count == 1)
    }
}
