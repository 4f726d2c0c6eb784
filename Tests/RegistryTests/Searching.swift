import EDHOC
import Foundation
import KeyExchange
import Registry
import Secrets

extension KeyMaterial {
    /// The bytes, for a test that looks for them where they must not be.
    var bytesForSearch: [UInt8] { secret.withBytes { [UInt8](copying: $0) } }
}

extension Home {
    func bytes(ofFile path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }
}

extension Data {
    func contains(_ other: [UInt8]) -> Bool { range(of: Data(other)) != nil }
}

/// A copy of a home's data, opened while the first registry still has its lock.
final class Reopened: Sendable {
    let registry: Registry
    private let copy: String

    init(_ home: Home) throws {
        copy = home.folder + "/copy"
        try FileManager.default.copyItem(atPath: home.data, toPath: copy)
        registry = try Registry.open(
            folder: copy,
            rootKey: .file(home.keyFile),
            crypto: home.crypto
        )
    }
}
