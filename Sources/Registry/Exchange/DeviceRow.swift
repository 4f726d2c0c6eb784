internal import EDHOC
internal import Fleet
internal import Foundation
internal import GRDB
internal import KeyExchange

/// A device as a session needs it.
struct DeviceRow: Sendable {
    let id: Int64
    let name: DeviceID
    let group: Int64
    let state: DeviceState
    let credential: [UInt8]
    let orderCounter: UInt64
    let retireOperation: OperationID?
    /// How far it follows the server's generations.
    let trust: Trust
    /// Whether its row was written a moment ago, report and all, and no key can be there.
    let isNew: Bool

    fileprivate static let columns = """
        SELECT id, name, group_id, state, credential, order_counter, retire_operation,
            anchor, pinned, told
        FROM device
        """

    fileprivate init(_ row: Row) throws {
        id = row[0]
        name = try row.name(1, as: DeviceID.self)
        group = row[2]
        state = try row.value(3, as: DeviceState.self)
        credential = row.bytes(4)
        orderCounter = row[5]
        retireOperation = OperationID(bytes: row.bytes(6))
        trust = Trust(anchor: row[7], pinned: row[8], told: row[9])
        isNew = false
    }

    init(
        enrolling id: Int64,
        name: DeviceID,
        group: Int64,
        credential: [UInt8],
        isNew: Bool = false
    ) {
        self.id = id
        self.name = name
        self.group = group
        self.credential = credential
        state = .enrolled
        orderCounter = 0
        retireOperation = nil
        trust = Trust()
        self.isNew = isNew
    }
}

extension DeviceRow {
    /// How far a device follows the server's generations; at first as a new row has it.
    struct Trust: Hashable {
        /// The one under which it talked last.
        var anchor = ServerAnchor.first
        /// The newest that it says it knows; nil for an agent that knows of none.
        var pinned: UInt32?
        /// The one that it was told of last.
        var told: UInt32 = 0
    }
}

extension Transaction {
    func device(named name: DeviceID) throws -> DeviceRow? {
        try device("name = ?", [name.description])
    }

    func device(kid: [UInt8]) throws -> DeviceRow? {
        try device("kid = ?", [Data(kid)])
    }

    func device(publicKey: [UInt8]) throws -> DeviceRow? {
        try device("public_key = ?", [Data(publicKey)])
    }

    private func device(
        _ condition: String,
        _ arguments: StatementArguments
    ) throws -> DeviceRow? {
        try row("\(DeviceRow.columns) WHERE \(condition)", arguments).map { try DeviceRow($0) }
    }
}
