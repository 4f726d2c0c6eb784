import EDHOC
import KeyExchange
import Testing

@testable import ServerKit

@Suite struct CapacityTests {
    private func limits(
        sessions: Int,
        seconds: Int = 30,
        patience: Duration = .seconds(60)
    )
        -> SessionLimits
    {
        var limits = SessionLimits()
        limits.sessions = sessions
        limits.sessionSeconds = seconds
        limits.patience = patience
        return limits
    }

    @Test func `a full table turns newcomers away and serves who is in`() async throws {
        let scene = try await Scene(limits: limits(sessions: 2))
        let token = try await scene.token()
        let lamps = try (0..<3).map { try Lamp("lamp-\($0)", at: scene, token: token) }
        _ = try await lamps[0].step()
        _ = try await lamps[1].step()
        await scene.worker.receive(lamps[2].outgoing)
        #expect(scene.sent(on: lamps[2].channel).isEmpty)
        #expect(scene.counters.value(.startsCrowdedOut) == 1)
        #expect(scene.counters.value(.sessionsOpen) == 2)
        try await lamps[0].enrol()
        // A session that is over makes room.
        try await lamps[2].enrol()
        try await lamps[1].enrol()
        #expect(scene.counters.value(.sessionsOpen) == 2)
    }

    @Test func `who hangs half open for long makes room for a newcomer`() async throws {
        let scene = try await Scene(limits: limits(sessions: 1, patience: .zero))
        let token = try await scene.token()
        let (one, two) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        _ = try await one.step()
        try await two.enrol()
        #expect(scene.counters.value(.sessionsOpen) == 1)
        #expect(scene.counters.value(.startsCrowdedOut) == 0)
        await scene.worker.receive(one.outgoing)
        #expect(scene.counters.value(.payloadsIgnored) == 1)
    }

    @Test func `a device that has no place may begin anew in its own`() async throws {
        let scene = try await Scene(limits: limits(sessions: 1))
        let lamp = try Lamp("lamp-1", at: scene)
        for _ in 0..<3 {
            try lamp.begin(byValue: false)
            _ = try await lamp.step()
        }
        #expect(scene.counters.value(.startsCrowdedOut) == 0)
        #expect(scene.counters.value(.sessionsOpen) == 1)
    }

    @Test func `sessions end by time, and those unfinished are counted`() async throws {
        let scene = try await Scene(limits: limits(sessions: 10, seconds: 0))
        let token = try await scene.token()
        let (one, two) = (
            try Lamp("lamp-1", at: scene, token: token), try Lamp("lamp-2", at: scene, token: token)
        )
        try await one.enrol()
        _ = try await two.step()
        #expect(scene.counters.value(.sessionsOpen) == 2)
        await scene.worker.expire()
        #expect(scene.counters.value(.sessionsOpen) == 0)
        #expect(scene.counters.value(.sessionsExpired) == 1)
        await scene.worker.receive(two.outgoing)
        #expect(scene.counters.value(.payloadsIgnored) == 1)
    }

    @Test func `a flood leaves as many sessions behind as there are places`() async throws {
        let scene = try await Scene(limits: limits(sessions: 8))
        for number in 0..<100 {
            let lamp = try Lamp("flood-\(number)", at: scene)
            await scene.worker.receive(lamp.outgoing)
        }
        #expect(scene.counters.value(.sessionsOpen) == 8)
        #expect(scene.counters.value(.startsCrowdedOut) == 92)
        // Nothing of it reaches the disk.
        #expect(try await scene.kinds().count == 3)
    }
}
