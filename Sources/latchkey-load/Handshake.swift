internal import ArgumentParser
internal import BoringCrypto
internal import EDHOC
internal import Glibc
internal import MbedCrypto
internal import Secrets

/// Times both roles of a method 3, suite 3 handshake, and the curve operations that it can't do without.
struct Handshake: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "CPU time of one handshake for each role and crypto library, beside its floor."
    )

    @Option(help: "Handshakes with the fast library; the slow one does a tenth.")
    var count = 2000

    func run() throws {
        var results: [String: Double] = [:]
        let boring = try measure(BoringCrypto(), count)
        let mbed = try measure(MbedCrypto(), max(50, count / 10))
        for (name, times) in [("boringssl", boring), ("mbedtls", mbed)] {
            results["handshake.responder_us_\(name)"] = times.responder
            results["handshake.initiator_us_\(name)"] = times.initiator
            results["handshake.floor_us_\(name)"] = times.floor
            results["handshake.decode_us_\(name)"] = times.decode
            results["handshake.responder_over_floor_\(name)"] = times.responder / times.floor
        }
        // The server runs on BoringSSL.
        results["handshake.responder_us"] = boring.responder
        results["handshake.initiator_us"] = boring.initiator
        printResults(results)
    }

    private struct Times {
        var responder = 0.0
        var initiator = 0.0
        /// One key generation and three agreements.
        var floor = 0.0
        /// Finding y for one x-coordinate, which the wire form makes necessary.
        var decode = 0.0
    }

    private struct Party {
        let credential: Credential
        let key: SoftwareKey

        init(_ name: String, _ crypto: any Crypto) throws {
            let agreement = try crypto.generateAgreementKey(.p256)
            key = SoftwareKey(agreement)
            let ccs = CCS.encode(
                subject: name,
                kid: try crypto.randomBytes(8),
                curve: .p256,
                publicKey: agreement.publicPoint
            )
            credential = try Credential(ccs: ccs, sentByValue: false)
        }
    }

    private func measure(_ crypto: any Crypto, _ count: Int) throws -> Times {
        let device = try Party("device", crypto)
        let server = try Party("server", crypto)
        let responder = Responder(
            credential: server.credential,
            methods: [.staticDH],
            suites: [3],
            crypto: crypto
        )
        var times = Times()
        // Alternating, so that both see the same machine; the first round only warms up.
        for round in 0...count {
            var spent = try handshake(device, server, responder, crypto)
            spent.floor = try floor(crypto)
            spent.decode = try decode(crypto, device.credential.publicKey)
            guard round > 0 else { continue }
            times.responder += spent.responder / Double(count)
            times.initiator += spent.initiator / Double(count)
            times.floor += spent.floor / Double(count)
            times.decode += spent.decode / Double(count)
        }
        return times
    }

    private func handshake(
        _ device: Party,
        _ server: Party,
        _ responder: Responder,
        _ crypto: any Crypto
    ) throws -> Times {
        var times = Times()
        var clock = ThreadClock()
        let initiator = try Initiator(
            method: .staticDH,
            suites: [3],
            connectionID: ConnectionID([1, 2, 3, 4, 5, 6, 7, 8]),
            crypto: crypto
        )
        times.initiator += clock.lap()
        let waiting = try responder.receive(message1: initiator.message1)
            .prepare(connectionID: ConnectionID([8, 7, 6, 5, 4, 3, 2, 1]))
        let shared = try server.key.performNow(waiting.operation)
        let sent = try waiting.finish(shared)
        times.responder += clock.lap()
        let proving = try initiator.receive(message2: sent.message2)
            .verify(peer: server.credential, own: device.credential)
            .prepare(as: device.credential)
        let proof = try device.key.performNow(proving.operation)
        let finished = try proving.finish(proof)
        times.initiator += clock.lap()
        let done = try sent.receive(message3: finished.message3)
            .verify(peer: device.credential).finish()
        times.responder += clock.lap()
        guard let message4 = done.message4 else { return times }
        let other = try finished.receive(message4: message4)
        times.initiator += clock.lap()
        let here = done.session.exporter(label: 0, context: [], count: 16)
        let there = other.session.exporter(label: 0, context: [], count: 16)
        guard here.isEqual(to: there) else { throw ValidationError("the two sides disagree") }
        return times
    }

    private func floor(_ crypto: any Crypto) throws -> Double {
        let peer = try crypto.generateAgreementKey(.p256)
        let point = try crypto.agreementPublicKey(.p256, peer.publicPoint)
        var clock = ThreadClock()
        let key = try crypto.generateAgreementKey(.p256)
        for _ in 0..<3 { _ = try key.agree(with: point) }
        return clock.lap()
    }

    private func decode(_ crypto: any Crypto, _ publicKey: [UInt8]) throws -> Double {
        let x = Array(publicKey.prefix(32))
        var clock = ThreadClock()
        _ = try crypto.agreementPublicKey(.p256, x)
        return clock.lap()
    }
}

/// CPU time of this thread, in microseconds since the last lap.
struct ThreadClock {
    private var last = Self.now()

    mutating func lap() -> Double {
        let now = Self.now()
        defer { last = now }
        return now - last
    }

    private static func now() -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
