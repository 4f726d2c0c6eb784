internal import CBOR
internal import Secrets

//     order = [1, fleet: tstr, device: tstr, op: bstr .size 8, counter: uint, null / [+ name: tstr],
//              issued: uint, expires: uint / null]

private let version: UInt64 = 1

extension Order {
    /// What is signed.
    var payload: [UInt8] {
        CBORWriter.encode { writer in
            writer.array(8)
            writer.unsigned(version)
            writer.text(fleet.description)
            writer.text(device.description)
            writer.bytes(operation.bytes)
            writer.unsigned(counter)
            scope.encode(into: &writer)
            writer.unsigned(issuedAt)
            if let expiresAt { writer.unsigned(expiresAt) } else { writer.null() }
        }
    }

    /// Reads what was signed, or what somebody says was.
    init(parsing payload: [UInt8]) throws(OrderError) {
        var reader = CBORReader(payload.rawSpan)
        let count = try reader.begin("an order", version: version)
        do throws(MessageError) {
            guard count == 8 else {
                throw MessageError("want an order of 8 items, have \(count)")
            }
            self = try reader.order()
        } catch {
            throw OrderError(error)
        }
    }
}

extension CBORReader {
    /// Begins a signed payload, an array whose first item is its version; how many items it has.
    @_lifetime(self: copy self)
    mutating func begin(
        _ what: String,
        version: UInt64
    ) throws(SignedMessageError) -> Int {
        let count: Int
        let found: UInt64
        do throws(MessageError) {
            count = try list(atMost: 16)
            found = try number()
        } catch {
            throw SignedMessageError(error)
        }
        guard found == version else {
            throw SignedMessageError(
                .wrongVersion,
                "want \(what) of version \(version), have \(found)"
            )
        }
        return count
    }

    @_lifetime(self: copy self)
    mutating func fleetID() throws(MessageError) -> FleetID {
        let text = try shortText()
        do { return try FleetID(parsing: text) } catch { throw MessageError(error) }
    }

    /// Refuses input that goes on.
    @_lifetime(self: copy self)
    mutating func conclude() throws(MessageError) {
        do { try end() } catch { throw MessageError(error) }
    }

    @_lifetime(self: copy self)
    fileprivate mutating func order() throws(MessageError) -> Order {
        let fleet = try fleetID()
        let device = try deviceID()
        let operation = try operation()
        let counter = try number()
        let scope = try RetireScope.decode(from: &self)
        let issuedAt = try number()
        let expiresAt = try isNull() ? nil : try number()
        try conclude()
        guard counter > 0 else { throw MessageError("counters begin with 1, have 0") }
        if let expiresAt, expiresAt <= issuedAt {
            throw MessageError("an order of \(issuedAt) that ends at \(expiresAt)")
        }
        return Order(
            fleet: fleet,
            device: device,
            operation: operation,
            counter: counter,
            scope: scope,
            issuedAt: issuedAt,
            expiresAt: expiresAt
        )
    }

    @_lifetime(self: copy self)
    private mutating func deviceID() throws(MessageError) -> DeviceID {
        let text = try shortText()
        do { return try DeviceID(parsing: text) } catch { throw MessageError(error) }
    }
}
