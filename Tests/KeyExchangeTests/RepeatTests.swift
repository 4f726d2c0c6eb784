import EDHOC
import KeyExchange
import Testing

struct RepeatTests {
    @Test func `each request that comes again gets the same bytes again`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { number, payload in
            guard number % 2 == 1 else { return [payload] }
            let first = try scene.hall.take(payload)
            let again = try scene.hall.take(payload)
            #expect(again == first)
            return [payload]
        }
        #expect(lamp.isSettled)
        #expect(scene.hall.sessions.count == 1)
        #expect(scene.hall.progress == 2)
    }

    @Test func `each answer that comes again changes nothing`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { [$1, $1, $1] }
        #expect(lamp.effects == [.installed([.data]), .settled])
    }

    @Test func `SETTLE comes again for a CONFIRM that comes again after the end`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        let payloads = try scene.converse(lamp) { $0 == 6 ? [] : [$1] }
        #expect(!lamp.isSettled)
        let answer = try #require(try scene.hall.take(lamp.session.outgoing))
        #expect(answer == payloads[5])
        _ = try lamp.take(answer)
        #expect(lamp.isSettled)
    }

    @Test(arguments: 1...6)
    func `a payload that is lost once is made good by sending again`(number: Int) throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { $0 == number ? [] : [$1] }
        #expect(!lamp.isSettled)
        // The lamp's timer: the same bytes, until the talk has ended.
        for _ in 0..<3 where !lamp.isSettled { try scene.converse(lamp) }
        #expect(lamp.isSettled)
        #expect(scene.hall.progress == 2)
        #expect(scene.hall.sessions.count == 1)
    }

    @Test func `what the lamp sends again is what it sent`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { number, payload in
            if number % 2 == 1 { #expect(lamp.session.outgoing == payload) }
            return [payload]
        }
    }

    @Test func `message_4 that is lost leaves the lamp without a key and without an account`()
        throws
    {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { $0 == 4 ? [] : [$1] }
        #expect(lamp.effects == [])
        #expect(lamp.pocket.keys.isEmpty)
    }

    @Test func `OFFER without message_4, and message_4 without OFFER, install nothing`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let lamp = try scene.stranger()
        try scene.converse(lamp) { number, payload in
            guard number == 4 else { return [payload] }
            guard case .next(let to, let handshake?, let sealed?)? = try? Frame(parsing: payload)
            else {
                Issue.record("payload 4 is of another shape")
                return []
            }
            return [
                Frame.next(to, handshake: nil, sealed: sealed).encoded,
                Frame.next(to, handshake: handshake, sealed: nil).encoded,
            ]
        }
        #expect(lamp.effects == [])
    }

    @Test(arguments: 1...6)
    func `a whole session that is played again to the hall gets nothing new`(count: Int) throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key()]
        let payloads = try scene.converse(scene.stranger())
        let progress = scene.hall.progress
        // The hall has forgotten its sessions, as after a restart.
        scene.hall.sessions = []
        for payload in payloads.prefix(count) { _ = try scene.hall.take(payload) }
        #expect(scene.hall.progress == progress)
    }
}
