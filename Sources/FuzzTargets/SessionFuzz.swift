internal import EDHOC
internal import KeyExchange
internal import Secrets

/// Whole sessions of the toy world.
///
/// An input is one byte of choices, then payloads, each behind two bytes of length.
enum SessionFuzz {
    static let crypto = HandshakeFuzz.crypto
    static let fleet = FleetID(checked: "toys")
    static let token = EnrolmentToken(
        id: [UInt8](repeating: 0x7e, count: 8),
        secret: KeyMaterial(zeroSecret(EnrolmentToken.secretLength))
    )

    static func join(_ choice: UInt8, _ payloads: [[UInt8]]) -> [UInt8] {
        [choice] + payloads.flatMap { [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
    }

    private static func split(_ input: [UInt8]) -> (choice: UInt8, payloads: [[UInt8]]) {
        var rest = input.dropFirst()
        var payloads: [[UInt8]] = []
        while rest.count >= 2, payloads.count < 16 {
            let length = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst())
            payloads.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return (input.first ?? 0, payloads)
    }

    static func frame(_ input: [UInt8]) {
        guard let frame = try? Frame(parsing: input) else { return }
        precondition(frame.encoded == input, "two encodings of one payload")
        if case .start(let message1) = frame {
            _ = Frame.refusal(of: message1, because: EDHOCError(.malformed, ""))
        }
    }

    static func device(_ input: [UInt8]) {
        let (choice, payloads) = split(input)
        guard var device = try? ToyDevice(choice: choice) else { return }
        for payload in payloads { _ = device.take(payload) }
    }

    static func server(_ input: [UInt8]) {
        let (choice, payloads) = split(input)
        guard let first = payloads.first, let server = try? ToyServer(choice: choice, first: first)
        else { return }
        _ = server.start()
        for payload in payloads.dropFirst() { _ = server.take(payload) }
    }

    static func bundle(_ input: [UInt8]) {
        guard let bundle = try? Bundle(parsing: input.rawSpan, crypto: crypto) else { return }
        let text = bundle.encode(crypto: crypto)
        guard let again = text.withBytes({ try? Bundle(parsing: $0, crypto: crypto) }) else {
            preconditionFailure("a bundle that is written again cannot be read")
        }
        precondition(again.encode(crypto: crypto).isEqual(to: text), "two texts of one bundle")
    }

    static var bundleSeeds: [[UInt8]] {
        [nil, token].map { token in
            Bundle(
                fleet: fleet,
                group: GroupName(checked: "yard"),
                broker: Bundle.Broker(host: "localhost", port: 8883, authority: Array("PEM".utf8)),
                enrolPassword: KeyMaterial(zeroSecret(4)),
                server: HandshakeFuzz.hall,
                commandKey: token.map { _ in ToySigningKey().publicKey },
                anchor: token == nil ? 0 : 2,
                token: token,
                expires: token.map { _ in 1 }
            ).encode(crypto: crypto).withBytes { [UInt8](copying: $0) }
        }
    }

    /// What both sides of some whole sessions send, each way.
    static var transcripts: [(choice: UInt8, up: [[UInt8]], down: [[UInt8]])] {
        (0..<32).map { (choice: UInt8) in
            do {
                var device = try ToyDevice(choice: choice)
                var up = [device.session.outgoing]
                let server = try ToyServer(choice: choice, first: up[0])
                var down: [[UInt8]] = []
                var answer = server.start()
                while let payload = answer {
                    down.append(payload)
                    guard let next = device.take(payload) else { break }
                    up.append(next)
                    answer = server.take(next)
                }
                return (choice, up, down)
            } catch {
                preconditionFailure("the toy session failed: \(error)")
            }
        }
    }
}
