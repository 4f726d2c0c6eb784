internal import CBOR
internal import EDHOC
internal import Secrets

//     anchor = [1, fleet: tstr, generation: uint .size 4, server: bstr .cbor ccs,
//               command-key: bstr .size 64, beside: uint .size 4]

private let version: UInt64 = 1

extension Anchor {
    /// What is signed.
    var payload: [UInt8] {
        CBORWriter.encode { writer in
            writer.array(6)
            writer.unsigned(version)
            writer.text(fleet.description)
            writer.unsigned(UInt64(generation))
            writer.bytes(server.encoded)
            writer.bytes(commandKey)
            writer.unsigned(UInt64(beside))
        }
    }

    /// Reads what was signed, or what somebody says was.
    init(parsing payload: [UInt8], crypto: any Crypto) throws(AnchorError) {
        var reader = CBORReader(payload.rawSpan)
        let count = try reader.begin("an anchor", version: version)
        do throws(MessageError) {
            guard count == 6 else {
                throw MessageError("want an anchor of 6 items, have \(count)")
            }
            let fleet = try reader.fleetID()
            let generation = try reader.word()
            let ccs = try reader.bytes(atMost: Anchor.maximumLength)
            let commandKey = try reader.bytes(exactly: Profile.commandKeyLength)
            let beside = try reader.word()
            try reader.conclude()
            guard generation > 0 else { throw MessageError("generations begin with 1, have 0") }
            guard (1...generation).contains(beside) else {
                throw MessageError("want a generation up to \(generation) beside, have \(beside)")
            }
            let server: Credential
            do throws(EDHOCError) {
                server = try Credential(ccs: ccs, sentByValue: false)
            } catch {
                throw MessageError("the server's credential: \(error)")
            }
            self.init(
                generation: generation,
                fleet: fleet,
                server: server,
                commandKey: commandKey,
                beside: beside
            )
        } catch {
            throw AnchorError(error)
        }
        try check(crypto)
    }

    /// Refuses keys that are none: a device that pinned them could talk to nobody.
    private func check(_ crypto: any Crypto) throws(AnchorError) {
        for (what, key) in [("server", server.publicKey), ("command", commandKey)] {
            do throws(CryptoError) {
                _ = try crypto.agreementPublicKey(.p256, key)
            } catch {
                throw AnchorError(.badKey, "the anchor's \(what) key is no point of P-256")
            }
        }
    }
}
