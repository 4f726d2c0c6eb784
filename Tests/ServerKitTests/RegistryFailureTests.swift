import EDHOC
import Fleet
import Glibc
import KeyExchange
import Synchronization
import Testing

@testable import Registry
@testable import ServerKit

@Suite struct RegistryFailureTests {
    private func refusal(_ event: DeviceEvent) -> ProblemCode? {
        if case .refused(let problem) = event { problem.code } else { nil }
    }

    @Test func `a registry that is closed is a failure of the server, and told`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        _ = try await lamp.step()
        await scene.registry.close()
        #expect(refusal(try await lamp.step()) == .serverFailed)
        #expect(scene.counters.value(.registryFailures) == 1)
        #expect(scene.counters.value(.offers) == 0)
    }

    @Test func `a key whose settlement fails is offered again, the same`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        _ = try await lamp.step()
        _ = try await lamp.step()
        try await scene.withFullQueue {
            let event = try await lamp.step()
            #expect(refusal(event) == .busy)
        }
        #expect(scene.counters.value(.registryFailures) == 1)
        #expect(lamp.inShort == ["door 1 pending"])
        try lamp.begin(byValue: true)
        try await lamp.enrol()
        #expect(lamp.inShort == ["door 1 primary"])
        #expect(Set(lamp.materials).count == 1)
        #expect(
            try await scene.registry.device(lamp.id).keys.map(\.thumbprint) == [lamp.materials[0]]
        )
    }

    @Test func `a registry that is busy sends devices away for a while`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token(uses: 1))
        _ = try await lamp.step()
        try await scene.withFullQueue {
            let event = try await lamp.step()
            #expect(refusal(event) == .busy)
        }
        // Nothing was used up.
        try lamp.begin(byValue: true)
        try await lamp.enrol()
    }

    @Test func `a credential that cannot be looked up is not called unknown`() async throws {
        let scene = try await Scene()
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        try await lamp.enrol()
        try lamp.begin(byValue: false)
        _ = try await lamp.step()
        await scene.registry.close()
        guard case .failed(.peerError(let message)) = try await lamp.step() else {
            Issue.record("the device was told nothing")
            return
        }
        #expect(message == .unspecified("try again later"))
        #expect(scene.counters.value(.registryFailures) == 1)
        #expect(scene.counters.value(.sessionsOpen) == 1)
    }
}

extension Scene {
    /// Runs `body` while as many changes wait for the registry as may.
    func withFullQueue(_ body: () async throws -> Void) async throws {
        let registry = registry
        let (isHeld, isFull, isOpen) = (Flag(), Flag(), Flag())
        await withTaskGroup { group in
            group.addTask {
                _ = try? await registry.writer.perform { _ in
                    isHeld.raise()
                    while !isOpen.isUp { usleep(1000) }
                }
            }
            #expect(await becomes { isHeld.isUp })
            // The first change was taken out of the queue and holds the writer up.
            for _ in 0...Writer.capacity {
                group.addTask {
                    do throws(RegistryError) {
                        try await registry.writer.perform { _ in }
                    } catch {
                        if error.code == .busy { isFull.raise() }
                    }
                }
            }
            #expect(await becomes { isFull.isUp })
            do { try await body() } catch { Issue.record(error) }
            isOpen.raise()
        }
    }
}

/// Goes up once.
private final class Flag: Sendable {
    private let state = Atomic<Bool>(false)
    var isUp: Bool { state.load(ordering: .acquiring) }
    func raise() { state.store(true, ordering: .releasing) }
}
