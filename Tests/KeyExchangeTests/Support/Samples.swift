import CBOR
import EDHOC
import Secrets
import Testing

@testable import KeyExchange

/// One good message of each kind, and its encoding.
enum Sample {
    static let operation = OperationID(bytes: eight(0x0f))
    static let thumbprint = Thumbprint(bytes: [UInt8](repeating: 0x77, count: 32))

    static func report() throws -> Report {
        Report(
            agentVersion: "1.2.3",
            store: .tpm,
            level: .hardware,
            lastOrder: 300,
            keys: [
                Report.HeldKey(
                    name: .data,
                    epochs: [
                        Report.HeldEpoch(epoch: .first, state: .grace, check: eight(1)),
                        Report.HeldEpoch(
                            epoch: try #require(Epoch(2)),
                            state: .primary,
                            check: eight(2)
                        ),
                        Report.HeldEpoch(
                            epoch: try #require(Epoch(.max)),
                            state: .pending,
                            check: eight(3)
                        ),
                    ]
                ),
                Report.HeldKey(name: .sign, epochs: []),
                Report.HeldKey(
                    name: KeyName(checked: "wait"),
                    epochs: [
                        Report.HeldEpoch(epoch: .first, state: .suspended, check: eight(4)),
                        Report.HeldEpoch(
                            epoch: try #require(Epoch(2)),
                            state: .gone,
                            check: eight(5)
                        ),
                    ]
                ),
            ],
            instance: eight(0x17),
            anchor: 2
        )
    }

    /// The same device with an agent that names no process and suspends nothing.
    static func oldReport() throws -> Report {
        var report = try report()
        report.keys.removeLast()
        report.instance = nil
        report.anchor = 0
        return report
    }

    static func offer() throws -> Offer {
        Offer(
            operation: try #require(operation),
            keys: [
                OfferedKey(
                    name: .data,
                    epoch: .first,
                    algorithm: .aes256GCM,
                    use: .both,
                    graceSeconds: 0,
                    leaseSeconds: .max,
                    material: material([UInt8](repeating: 9, count: 32))
                ),
                OfferedKey(
                    name: .sign,
                    epoch: try #require(Epoch(70_000)),
                    algorithm: .aes128GCM,
                    use: .consume,
                    graceSeconds: 3600,
                    leaseSeconds: 0,
                    material: material([UInt8](repeating: 8, count: 16))
                ),
            ]
        )
    }

    static func confirm() throws -> Confirm {
        Confirm(
            operation: try #require(operation),
            results: [
                Confirmation(name: .data, epoch: .first, result: .proof(eight(1) + eight(2))),
                Confirmation(name: .sign, epoch: .first, result: .failure(.storeFull)),
            ]
        )
    }

    static func settle() throws -> Settle {
        Settle(
            operation: try #require(operation),
            verdicts: [
                Verdict(name: .data, action: .activate(.first, graceSeconds: 86_400)),
                Verdict(name: .sign, action: .discard(.first)),
                Verdict(name: KeyName(checked: "old"), action: .remove),
                Verdict(name: KeyName(checked: "wait"), action: .suspend(.first)),
                Verdict(name: KeyName(checked: "work"), action: .resume(.first)),
            ],
            time: 1_800_000_000,
            anchor: [UInt8](repeating: 0x55, count: Anchor.maximumLength)
        )
    }

    /// What an agent that names no process gets.
    static func oldSettle() throws -> Settle {
        Settle(
            operation: try #require(operation),
            verdicts: Array(try settle().verdicts.prefix(3))
        )
    }

    static func retire(_ scope: RetireScope = .keys([.data, .sign])) throws -> Retire {
        Retire(operation: try #require(operation), counter: 1 << 40, scope: scope)
    }

    static func receipt() throws -> Receipt {
        Receipt(
            operation: try #require(operation),
            counter: 1 << 40,
            destroyed: [
                DestroyedKey(
                    name: .data,
                    epoch: .first,
                    thumbprint: try #require(thumbprint)
                )
            ]
        )
    }

    static func problem() throws -> Problem {
        Problem(.tokenExpired, operation: operation, text: "too late")
    }
}

extension SessionMessage {
    var encoded: [UInt8] {
        var writer = CBORWriter()
        encode(into: &writer)
        return writer.finish()
    }

    static func parse(_ bytes: [UInt8]) throws(MessageError) -> Self {
        try parse(bytes.rawSpan)
    }
}
