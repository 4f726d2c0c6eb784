public import EDHOC
public import KeyExchange

extension Registry {
    /// The credential that a kid names, in whatever state its device is.
    public func knownCredential(kid: [UInt8]) throws(RegistryError) -> Credential? { todo() }

    /// Admits or enrols the device, compares what it has with what it should have, and answers.
    public func reconcile(_ contact: Contact) async throws(RegistryError) -> Answer { todo() }

    /// Takes what became of an offer, and says what counts from now on.
    public func confirm(
        device: DeviceID, operation: OperationID, outcomes: [KeyOutcome], verdicts: [Verdict],
        now: Int64
    ) async throws(RegistryError) -> Settle { todo() }

    /// Takes the receipt of a retirement; `conflict` when it is not of the one that was ordered.
    public func acknowledge(
        device: DeviceID, _ receipt: Receipt, now: Int64
    ) async throws(RegistryError) -> Settle { todo() }

    /// Records a refusal that was decided outside; `subject` is the name that was claimed.
    public func refused(
        _ problem: Problem, about subject: String?, now: Int64
    ) async throws(RegistryError) { todo() }

    /// Ends what is due by time: graces; returns how many generations were destroyed.
    public func sweep(now: Int64) async throws(RegistryError) -> Int { todo() }
}
