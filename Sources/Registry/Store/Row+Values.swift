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
        guard let text = String.fromDatabaseValue(self[index]) else { throw damaged("no name") }
        do { return try Name(parsing: text) } catch { throw damaged("\(error)") }
    }

    func epoch(_ index: Int) throws -> Epoch {
        guard let number = Int64.fromDatabaseValue(self[index]),
            let epoch = UInt32(exactly: number).flatMap({ Epoch($0) })
        else { throw damaged("an epoch that is none") }
        return epoch
    }

    func value<Value: RawRepresentable>(
        _ index: Int,
        as type: Value.Type
    ) throws -> Value where Value.RawValue == Int {
        guard let number = Int.fromDatabaseValue(self[index]), let value = Value(rawValue: number)
        else { throw damaged("a \(type) that is none") }
        return value
    }

    /// A number, or nil for NULL; what is no number was not written by us.
    func number(_ index: Int) throws -> Int64? {
        let value: DatabaseValue = self[index]
        if value.isNull { return nil }
        guard let number = Int64.fromDatabaseValue(value) else {
            throw damaged("text for a number")
        }
        return number
    }

    /// The columns of a key spec, in the order of `keySpec(group:)`.
    static let keySpecColumns = """
        key_spec.name, algorithm, key_use, rotation_seconds, grace_seconds, lease_seconds,
            maximum_age_seconds, retired_at
        """

    /// The columns above.
    func keySpec(group: GroupName) throws -> KeySpec {
        do {
            return try KeySpec(
                group: group,
                name: try name(0, as: KeyName.self),
                algorithm: try value(1, as: KeyAlgorithm.self),
                use: try value(2, as: KeyUse.self),
                rotationSeconds: self[3],
                graceSeconds: self[4],
                leaseSeconds: self[5],
                maximumAgeSeconds: self[6],
                retiredAt: self[7]
            )
        } catch let error as FleetError {
            throw damaged(error.description)
        }
    }

    /// The columns of a key's generation, in the order of `keyRecord()`.
    static let keyColumns = """
        name, epoch, state, thumbprint, created_at, changed_at, grace_until, rotate_at, expires_at,
            failure
        """

    /// The columns above.
    func keyRecord() throws -> KeyRecord {
        guard let thumbprint = Thumbprint(bytes: bytes(3)) else {
            throw damaged("a thumbprint of \(bytes(3).count) bytes")
        }
        return KeyRecord(
            name: try name(0, as: KeyName.self),
            epoch: try epoch(1),
            state: try value(2, as: KeyState.self),
            thumbprint: thumbprint,
            createdAt: try number(4) ?? 0,
            changedAt: try number(5) ?? 0,
            graceUntil: try number(6),
            rotateAt: try number(7),
            expiresAt: try number(8),
            failure: try number(9).flatMap { FailureKind(rawValue: Int($0)) }
        )
    }

    func damaged(_ what: String) -> RegistryError {
        RegistryError(.damaged, "a row holds what was never written: \(what)")
    }
}
