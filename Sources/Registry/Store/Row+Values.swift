internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// Reads our values out of rows; what does not fit was not written by us.
extension Row {
    /// A blob; empty for NULL.
    func bytes(_ index: Int) -> [UInt8] {
        (self[index] as Data?).map { [UInt8]($0) } ?? []
    }

    /// A blob, or nil for NULL.
    func bytesIfAny(_ index: Int) -> [UInt8]? {
        (self[index] as Data?).map { [UInt8]($0) }
    }

    func name<Name: LatchkeyName>(_ index: Int, as type: Name.Type) throws -> Name {
        let text: String = self[index]
        do { return try Name(parsing: text) } catch { throw damaged("\(error)") }
    }

    func epoch(_ index: Int) throws -> Epoch {
        let number: Int64 = self[index]
        guard let epoch = UInt32(exactly: number).flatMap({ Epoch($0) }) else {
            throw damaged("epoch \(number)")
        }
        return epoch
    }

    func value<Value: RawRepresentable>(
        _ index: Int,
        as type: Value.Type
    ) throws -> Value where Value.RawValue == Int {
        let number: Int = self[index]
        guard let value = Value(rawValue: number) else { throw damaged("\(type) \(number)") }
        return value
    }

    /// `name, algorithm, key_use, rotation_seconds, grace_seconds, lease_seconds`.
    func keySpec(group: GroupName) throws -> KeySpec {
        do {
            return try KeySpec(
                group: group,
                name: try name(0, as: KeyName.self),
                algorithm: try value(1, as: KeyAlgorithm.self),
                use: try value(2, as: KeyUse.self),
                rotationSeconds: self[3],
                graceSeconds: self[4],
                leaseSeconds: self[5]
            )
        } catch let error as FleetError {
            throw damaged(error.description)
        }
    }

    /// `name, epoch, state, thumbprint, created_at, changed_at, grace_until, rotate_at, failure`.
    func keyRecord() throws -> KeyRecord {
        guard let thumbprint = Thumbprint(bytes: bytes(3)) else {
            throw damaged("a thumbprint of \(bytes(3).count) bytes")
        }
        return KeyRecord(
            name: try name(0, as: KeyName.self),
            epoch: try epoch(1),
            state: try value(2, as: KeyState.self),
            thumbprint: thumbprint,
            createdAt: self[4],
            changedAt: self[5],
            graceUntil: self[6],
            rotateAt: self[7],
            failure: (self[8] as Int?).flatMap { FailureKind(rawValue: $0) }
        )
    }

    private func damaged(_ what: String) -> RegistryError {
        RegistryError(.damaged, "a row holds what was never written: \(what)")
    }
}
