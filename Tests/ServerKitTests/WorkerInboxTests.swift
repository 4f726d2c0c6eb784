import EDHOC
import KeyExchange
import Testing

@testable import ServerKit

@Suite struct WorkerInboxTests {
    private let channel = Channel.enrolment("0102030405060708")

    @Test func `a full inbox drops the newest, and a beginning when it is half full`() async throws
    {
        let inbox = WorkerInbox(try await Scene().worker, capacity: 4)
        #expect(inbox.put([0xf5], on: channel, isStart: true))
        #expect(inbox.put([0xf5], on: channel, isStart: true))
        #expect(!inbox.put([0xf5], on: channel, isStart: true))
        #expect(inbox.put([0x00], on: channel, isStart: false))
        #expect(inbox.put([0x00], on: channel, isStart: false))
        #expect(!inbox.put([0x00], on: channel, isStart: false))
    }

    @Test func `what was put is served in its order, and makes room`() async throws {
        let scene = try await Scene()
        let inbox = WorkerInbox(scene.worker, capacity: 4)
        let lamp = try Lamp("lamp-1", at: scene, token: await scene.token())
        let server = Task { await inbox.serve() }
        for _ in 0..<3 {
            // More than ever fits at once.
            for _ in 0..<4 { _ = inbox.put([0x00], on: channel, isStart: false) }
            #expect(await becomes { inbox.put([0x00], on: self.channel, isStart: true) })
        }
        #expect(
            await becomes { inbox.put(lamp.outgoing.payload, on: lamp.channel, isStart: true) }
        )
        _ = try await lamp.hear()
        server.cancel()
        await server.value
    }

    @Test(arguments: [1, 2, 3, 5, 16, 63, 64])
    func `a session's payloads find the worker that opened it`(workers: Int) async throws {
        let scene = try await Scene()
        for index in [0, workers / 2, workers - 1] {
            let worker = SessionWorker(index: index, of: workers, shared: scene.worker.shared)
            for number in 0..<8 {
                let lamp = try Lamp("lamp-\(number)", at: scene)
                await worker.receive(lamp.outgoing)
                _ = try await lamp.hear()
                let found = ExchangeService.index(
                    lamp.outgoing.payload,
                    lamp.channel,
                    of: workers
                )
                #expect(found == index)
            }
        }
    }

    @Test func `beginnings spread over the workers, each channel always to the same`() throws {
        var counts = [0, 0, 0, 0]
        for number in 0..<400 {
            let channel = Channel.device(try DeviceID(parsing: "lamp-\(number)"))
            let index = ExchangeService.index([0xf5, UInt8(number & 255)], channel, of: 4)
            #expect(ExchangeService.index([0xf5], channel, of: 4) == index)
            counts[index] += 1
        }
        #expect(counts.allSatisfy { $0 > 50 }, "\(counts)")
    }

    @Test(arguments: [[], [0x48], [0x00], [0xf5], [0x48, 0xff], [0x58, 0x48], [0x48, 0x00]])
    func `any payload has a worker`(payload: [UInt8]) {
        for workers in 1...64 {
            let index = ExchangeService.index(payload, channel, of: workers)
            #expect((0..<workers).contains(index))
        }
    }
}
