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
    /// Names of the keys that the open retirement is about; empty when it is about the device, or done.
    let retireKeys: String
    /// Whether keys were retired for this device alone.
    let hasRetiredKeys: Bool
    /// What the contact before left behind.
    let presence: Presence
    /// When the contact before was; nil when nothing is to be compared with it.
    let lastContact: Ticket?
    /// Whether its row was written a moment ago, report and all, and no key can be there.
    let isNew: Bool

    fileprivate static let columns = """
        SELECT id, name, group_id, state, credential, order_counter, retire_operation, retire_keys,
            has_retired_keys, instance, earlier_instances, report, run, ticket, anchor, pinned, told
        FROM device
        """

    fileprivate init(_ row: Row) throws {
        id = row[0]
        name = try row.name(1, as: DeviceID.self)
        group = try row.count(2, as: Int64.self)
        state = try row.value(3, as: DeviceState.self)
        credential = row.bytes(4)
        orderCounter = try row.count(5, as: UInt64.self)
        retireOperation = OperationID(bytes: row.bytes(6))
        trust = Trust(
            anchor: try row.count(14, as: UInt32.self),
            pinned: try row.number(15, as: UInt32.self),
            told: try row.count(16, as: UInt32.self)
        )
        retireKeys = row.text(7) ?? ""
        hasRetiredKeys = try row.number(8) != 0
        let length = Report.instanceLength
        let earlier = row.bytes(10)
        presence = Presence(
            instance: row.bytesIfAny(9).flatMap { $0.count == length ? $0 : nil },
            earlier: stride(from: 0, to: earlier.count - earlier.count % length, by: length).map {
                Array(earlier[$0..<($0 + length)])
            },
            reported: ReportRecord.decode(row.bytes(11))
        )
        if let run = try row.number(12), let number = try row.number(13) {
            lastContact = Ticket(run: run, number: number)
        } else {
            lastContact = nil
        }
        isNew = false
    }

    init(
        enrolling id: Int64,
        name: DeviceID,
        group: Int64,
        credential: [UInt8],
        report: Report,
        hasRetiredKeys: Bool = false,
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
        retireKeys = ""
        self.hasRetiredKeys = hasRetiredKeys
        presence = Presence(reported: report.keys)
        lastContact = nil
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
