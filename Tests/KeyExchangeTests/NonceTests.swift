import EDHOC
import KeyExchange
import Testing

struct NonceTests {
    @Test func `no key ever seals twice under one nonce`() throws {
        let scene = try Scene()
        scene.hall.desired = [try scene.key(.data, 1)]
        let first = try scene.stranger()
        // Everything arrives twice: a repeat is never sealed anew.
        try scene.converse(first) { [$1, $1] }
        #expect(first.isSettled)
        scene.hall.desired = [try scene.key(.data, 2)]
        let second = try scene.acquaintance(first.pocket)
        try scene.converse(second) { [$1, $1] }
        #expect(second.isSettled)
        let uses = scene.crypto.sealed
        // message_3, message_4, REPORT, OFFER, CONFIRM, SETTLE; twice.
        #expect(uses.count == 12)
        #expect(Set(uses).count == uses.count)
    }

    @Test func `the two directions and two sessions share no key`() throws {
        let scene = try Scene()
        for connection: UInt8 in [1, 2] {
            try scene.converse(scene.stranger(connection: connection))
        }
        // message_3, message_4, REPORT and SETTLE, each under a key of its own.
        #expect(Set(scene.crypto.sealed.map(\.key)).count == 8)
    }
}
