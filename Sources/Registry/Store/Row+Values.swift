internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// Reads our values out of rows; what does not fit was not written by us.
extension Row {
    /// A blob; empty for NULL, and for what is no blob.
    func bytes(_ index: Int) -> [UInt8] { bytesIfAny(index) ?? [] }

    /// A blob, or nil for NULL, and for what is no blob.
    func bytesIfAny(_ index: Int) -> [UInt8]? {
        guard case .blob(let data) = (self[index] as DatabaseValue).storage else { return nil }
        return [UInt8](data)
    }

    /// A text, or nil for NULL, and for what is no text.
    func text(_ index: Int) -> String? {
        guard case .string(let text) = (self[index] as DatabaseValue).storage else { return nil }
        return text
    }

    func name<Name: LatchkeyName>(_ index: Int, as type: Name.Type) throws -> Name {
        guard let text = text(index) else { throw damaged("no name") }
        do { return try Name(parsing: text) } catch { throw damaged("\(error)") }
    }

    func epoch(_ index: Int) throws -> Epoch {
        guard let number = try number(index),
            let epoch = UInt32(exactly: number).flatMap({ Epoch($0) })
        else { throw damaged("an epoch that is none") }
        return epoch
    }

    func value<Value: RawRepresentable>(
        _ index: Int,
        as type: Value.Type
    ) throws -> Value where Value.RawValue == Int {
        guard let number = try number(index), let value = Value(rawValue: Int(number)) else {
            throw damaged("a \(type) that is none")
        }
        return value
    }

    /// A number, or nil for NULL; what is no number was not written by us.
    func number(_ index: Int) throws -> Int64? {
        switch (self[index] as DatabaseValue).storage {
        case .null: return nil
        // Not what SQLite would make of it: a statement that looks for the number must find the row.
        case .int64(let number): return number
        case .double, .string, .blob: throw damaged("no number where one should be")
        }
    }

    /// A number of the type wanted, or nil for NULL; what does not fit was not written by us.
    func number<Value: FixedWidthInteger>(_ index: Int, as type: Value.Type) throws -> Value? {
        guard let number = try number(index) else { return nil }
        guard let value = Value(exactly: number) else {
            throw damaged("\(number), which is no \(type)")
        }
        return value
    }

    /// A number of the type wanted that is never NULL.
    func count<Value: FixedWidthInteger>(_ index: Int, as type: Value.Type) throws -> Value {
        guard let value = try number(index, as: type) else { throw damaged("nothing for a number") }
        return value
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
                rotationSeconds: try number(3, as: UInt32.self),
                graceSeconds: try count(4, as: UInt32.self),
                leaseSeconds: try count(5, as: UInt32.self),
                maximumAgeSeconds: try number(6, as: UInt32.self),
                retiredAt: try number(7)
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
