internal import CBOR
internal import EDHOC
internal import Secrets

/// Which of the server's anchors a device has pinned, said in message_1 so that the server answers as
/// that one.
///
///     ead_1 = (65002, bstr .cbor uint)
///
/// Anyone may read it. Who changes it changes the transcript, and ends the handshake.
struct AnchorHint: Hashable {
    /// The generation, at least 1.
    let generation: UInt32

    /// The hint of a device; nil where silence says the same, to save bytes.
    ///
    /// The first generation is the oldest that can be in service, and a device that knows of none was
    /// enrolled with it.
    init?(_ generation: UInt32) {
        guard generation > 1 else { return nil }
        self.generation = generation
    }

    /// The item that carries it, not critical: an older server passes over it.
    var item: EADItem {
        EADItem(
            Profile.anchorLabel,
            value: CBORWriter.encode { $0.unsigned(UInt64(generation)) }
        )
    }

    /// Finds it in EAD_1; nil when it is not there.
    init?(in items: [EADItem]) throws(EDHOCError) {
        let hints = items.filter { $0.label == Profile.anchorLabel }
        guard let hint = hints.first else { return nil }
        guard hints.count == 1, let value = hint.value else {
            throw EDHOCError(.malformed, "EAD_1: want one anchor with its number")
        }
        do throws(CBORError) {
            var reader = CBORReader(value.rawSpan)
            generation = UInt32(try reader.unsigned(in: 1...UInt64(UInt32.max)))
            try reader.end()
        } catch {
            throw EDHOCError(.malformed, "EAD_1: an anchor: \(error)")
        }
    }
}
