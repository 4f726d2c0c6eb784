public import Secrets

/// What both sides share when a handshake is done: a source of keys (RFC 9528 § 4.2).
public struct EDHOCSession: ~Copyable, Sendable {
    private let schedule: KeySchedule
    private var out: Secret
    private var exporterKey: Secret
    /// C_I.
    public let initiatorConnectionID: ConnectionID
    /// C_R.
    public let responderConnectionID: ConnectionID

    /// Derives PRK_out and PRK_exporter from PRK_4e3m and TH_4.
    init(
        _ schedule: KeySchedule,
        _ key: borrowing Secret,
        transcript: [UInt8],
        initiator: ConnectionID,
        responder: ConnectionID
    ) {
        self.schedule = schedule
        out = schedule.derive(key, .out, transcript, schedule.suite.hash.length)
        exporterKey = schedule.derive(out, .exporter, [], schedule.suite.hash.length)
        initiatorConnectionID = initiator
        responderConnectionID = responder
    }

    /// The suite that both sides agreed on.
    public var suite: CipherSuite { schedule.suite }

    /// EDHOC_Exporter (§ 4.2.1): a key for one purpose, named by label and context together.
    public borrowing func exporter(label: Int, context: [UInt8], count: Int) -> Secret {
        precondition(label >= 0, "an exporter label is not negative")
        return schedule.derive(exporterKey, label, context, count)
    }

    /// EDHOC_KeyUpdate (appendix H): the keys from before cannot be found again.
    public mutating func keyUpdate(context: [UInt8]) {
        let length = schedule.suite.hash.length
        out = schedule.derive(out, .update, context, length)
        exporterKey = schedule.derive(out, .exporter, [], length)
    }

    /// Lends PRK_out, for comparison with another implementation.
    public borrowing func withPRKOut<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try out.withBytes(body)
    }
}
