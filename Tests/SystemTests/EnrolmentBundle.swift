import EstateHarness
import KeyExchange
import MbedCrypto
import Secrets

/// What an admin hands to a device; Foundation has another type of this name.
typealias EnrolmentBundle = Bundle

extension EnrolmentBundle {
    /// Reads a bundle's file.
    init(file path: String) throws {
        try self.init(parsing: Array(contents(path).utf8).rawSpan, crypto: MbedCrypto())
    }

    /// The same bundle with a token secret that the server does not know.
    func withOtherSecret() throws -> EnrolmentBundle {
        guard let token else { throw Trouble("no token") }
        var bytes = [UInt8](repeating: 7, count: 32)
        return EnrolmentBundle(
            fleet: fleet,
            group: group,
            broker: broker,
            enrolPassword: enrolPassword,
            server: server,
            token: EnrolmentToken(id: token.id, secret: KeyMaterial(Secret(taking: &bytes))),
            expires: expires
        )
    }

    /// The file's text.
    var text: String { String(decoding: encode(crypto: MbedCrypto()).copy, as: UTF8.self) }
}

extension Secret {
    /// Its bytes in the clear, for tests that look for them where they must not be.
    var copy: [UInt8] { withBytes { [UInt8](copying: $0) } }
}
