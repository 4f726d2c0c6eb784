import CryptoHarness
import CBOR
import Secrets
import Testing

@testable import EDHOC

/// Chapters 2 and 3 of RFC 9529, value by value.
@Suite struct RFC9529Tests {
    private let vectors: RFC9529

    init() throws { vectors = try RFC9529.load() }

    @Test(arguments: Provider.all)
    func `chapter 2: both sign, suite 0, X.509 by hash`(_ provider: Provider) throws {
        let values = RFC9529.Values(values: vectors.chapter2.values)
        try check(
            values,
            .signatures,
            [0],
            provider,
            hall: Credential(
                encoded: values["CRED_R_cbor"],
                id: try CredentialID(encoded: values["ID_CRED_R_cbor"]),
                publicKey: values["PK_R"]
            ),
            lamp: Credential(
                encoded: values["CRED_I_cbor"],
                id: try CredentialID(encoded: values["ID_CRED_I_cbor"]),
                publicKey: values["PK_I"]
            )
        )
    }

    @Test(arguments: Provider.all)
    func `chapter 3: static Diffie-Hellman, suite 2, CCS by kid`(_ provider: Provider) throws {
        let values = RFC9529.Values(values: vectors.chapter3.values)
        let hall = try Credential(ccs: values["CRED_R_cbor"], sentByValue: false)
        let lamp = try Credential(ccs: values["CRED_I_cbor"], sentByValue: false)
        #expect(hall.id.encoded == values["ID_CRED_R_cbor"])
        #expect(lamp.id.encoded == values["ID_CRED_I_cbor"])
        #expect(hall.publicKey == values["PK_R_x"] + values["PK_R_y"])
        #expect(lamp.publicKey == values["PK_I_x"] + values["PK_I_y"])
        #expect(hall.subject == "example.edu")
        #expect(lamp.subject == "42-50-31-FF-EF-37-32-39")
        try check(values, .staticDH, [6, 2], provider, hall: hall, lamp: lamp)
    }

    private func check(
        _ values: RFC9529.Values,
        _ method: Method,
        _ suites: [CipherSuite.ID],
        _ provider: Provider,
        hall: Credential,
        lamp: Credential
    ) throws {
        // Without Ed25519 the schedule is still checked; signatures are then taken as known.
        let known: Set<[UInt8]> =
            method == .staticDH
            ? [] : [values["Signature_or_MAC_2"], values["Signature_or_MAC_3"]]
        let crypto = RecordingCrypto(provider.crypto, knownSignatures: known)
        guard let suite = suites.last.flatMap(CipherSuite.named) else { return }
        let x = try crypto.agreementKey(suite.curve, privateKey: secret(values["X"]))
        let y = try crypto.agreementKey(suite.curve, privateKey: secret(values["Y"]))
        #expect(x.publicKey == values["G_X"])
        #expect(y.publicKey == values["G_Y"])
        let lampID = ConnectionID(values["C_I"])
        let hallID = ConnectionID(values["C_R"])
        #expect(lampID.encoded == values["C_I_cbor"])
        #expect(hallID.encoded == values["C_R_cbor"])

        let initiator = try Initiator(
            method: method,
            suites: suites,
            connectionID: lampID,
            ead1: [],
            crypto: crypto,
            ephemeral: x
        )
        #expect(initiator.message1 == values["message_1"])
        #expect(initiator.messageOneDigest == values["H_message_1"])
        let received = try Responder(
            credential: hall,
            methods: [method],
            suites: [suite.id],
            crypto: crypto
        ).receive(message1: initiator.message1)
        let waiting = try received.prepare(connectionID: hallID, ephemeral: y)
        let hallResult = try perform(
            waiting.operation,
            values["SK_R"],
            values["Signature_or_MAC_2"],
            method == .signatures ? values["M_2"] : [],
            crypto,
            provider
        )
        let sent = try waiting.finish(hallResult)
        #expect(sent.message2 == values["message_2"])

        let reading = try initiator.receive(message2: sent.message2)
        #expect(reading.peerConnectionID == hallID)
        #expect(reading.peerID == hall.id)
        let own = try reading.verify(peer: hall, own: lamp).prepare(as: lamp)
        let lampResult = try perform(
            own.operation,
            values["SK_I"],
            values["Signature_or_MAC_3"],
            method == .signatures ? values["M_3"] : [],
            crypto,
            provider
        )
        let finished = try own.finish(lampResult)
        #expect(finished.message3 == values["message_3"])

        let identified = try sent.receive(message3: finished.message3)
        #expect(identified.peerID == lamp.id)
        let hallDone = try identified.verify(peer: lamp).finish()
        #expect(hallDone.message4 == values["message_4"])
        var session = try finished.receive(message4: values["message_4"]).session

        checkSession(&session, values)
        var other = hallDone.session
        checkSession(&other, values)
        checkCalls(crypto.calls, values, isStatic: method == .staticDH)
    }

    private func perform(
        _ operation: LongTermOperation,
        _ key: [UInt8],
        _ signature: [UInt8],
        _ message: [UInt8],
        _ crypto: any Crypto,
        _ provider: Provider
    ) throws -> LongTermResult {
        switch operation {
        case .agree(let curve, _):
            let key = try crypto.agreementKey(curve, privateKey: secret(key))
            return try SoftwareKey(key).performNow(operation)
        case .sign(let algorithm, let asked):
            #expect(asked == message)
            guard provider.crypto.supports(algorithm) else { return .signature(signature) }
            let key = try crypto.signingKey(algorithm, privateKey: secret(key))
            let made = try key.sign(asked.rawSpan)
            // Ed25519 is deterministic.
            #expect(made == signature)
            return .signature(made)
        }
    }

    private func checkSession(_ session: inout EDHOCSession, _ values: RFC9529.Values) {
        func out(_ session: borrowing EDHOCSession) -> [UInt8] {
            session.withPRKOut { [UInt8](copying: $0) }
        }
        func exporter(_ session: borrowing EDHOCSession, _ label: Int, _ count: Int) -> [UInt8] {
            clear(session.exporter(label: label, context: [], count: count))
        }
        #expect(out(session) == values["PRK_out"])
        #expect(exporter(session, 0, 16) == values["OSCORE_Master_Secret"])
        #expect(exporter(session, 1, 8) == values["OSCORE_Master_Salt"])
        session.keyUpdate(context: values["KeyUpdate_context"])
        #expect(out(session) == values["PRK_out_after_KeyUpdate"])
        #expect(exporter(session, 0, 16) == values["OSCORE_Master_Secret_after_KeyUpdate"])
        #expect(exporter(session, 1, 8) == values["OSCORE_Master_Salt_after_KeyUpdate"])
    }

    private func checkCalls(
        _ calls: [RecordingCrypto.Call],
        _ values: RFC9529.Values,
        isStatic: Bool
    ) {
        // Every EDHOC_KDF: the key, the info, and what came out.
        let keys = [
            "KEYSTREAM_2": "PRK_2e", "SALT_3e2m": "PRK_2e", "MAC_2": "PRK_3e2m",
            "K_3": "PRK_3e2m", "IV_3": "PRK_3e2m", "SALT_4e3m": "PRK_3e2m", "MAC_3": "PRK_4e3m",
            "K_4": "PRK_4e3m", "IV_4": "PRK_4e3m", "PRK_out": "PRK_4e3m",
            "PRK_exporter": "PRK_out", "OSCORE_Master_Secret": "PRK_exporter",
            "OSCORE_Master_Salt": "PRK_exporter",
        ]
        for (name, key) in keys where isStatic || !name.hasPrefix("SALT") {
            let expected = RecordingCrypto.Call.expand(
                key: values[key],
                info: values["info_\(name)"],
                values[name]
            )
            #expect(calls.contains(expected), "\(name)")
        }
        for transcript in ["TH_2", "TH_3", "TH_4"] {
            let expected = RecordingCrypto.Call.hash(
                values["input_\(transcript)"],
                values[transcript]
            )
            #expect(calls.contains(expected), "\(transcript)")
        }
        var extracts = [("PRK_2e_salt", "G_XY", "PRK_2e")]
        if isStatic {
            extracts += [("SALT_3e2m", "G_RX", "PRK_3e2m"), ("SALT_4e3m", "G_IY", "PRK_4e3m")]
        }
        for (salt, input, output) in extracts {
            let expected = RecordingCrypto.Call.extract(
                salt: values[salt],
                input: values[input],
                values[output]
            )
            #expect(calls.contains(expected), "\(output)")
        }
        for message in ["3", "4"] {
            let plaintext = message == "3" ? values["PLAINTEXT_3"] : []
            let expected = RecordingCrypto.Call.cipher(
                key: values["K_\(message)"],
                nonce: values["IV_\(message)"],
                data: values["A_\(message)"],
                plain: plaintext,
                sealed: values["CIPHERTEXT_\(message)"]
            )
            #expect(calls.count { $0 == expected } == 2, "sealed once and opened once")
        }
        let ciphertext2 = zip(values["PLAINTEXT_2"], values["KEYSTREAM_2"]).map { $0 ^ $1 }
        #expect(ciphertext2 == values["CIPHERTEXT_2"])
    }
}
