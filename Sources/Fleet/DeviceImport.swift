public import KeyExchange

/// One device of an import file.
public struct ImportRow: Hashable, Sendable {
    /// The line of the file, from 1; the header is line 1.
    public let line: Int
    /// The device's name.
    public let name: DeviceID
    /// Its group.
    public let group: GroupName
    /// The x-coordinate of its P-256 key.
    public let publicKey: [UInt8]

    /// States all of it.
    public init(line: Int, name: DeviceID, group: GroupName, publicKey: [UInt8]) {
        self.line = line
        self.name = name
        self.group = group
        self.publicKey = publicKey
    }
}

/// What is wrong with one line of an import file.
public struct ImportFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line of the file, from 1.
    public let line: Int
    /// What was expected and what was found.
    public let reason: String

    /// States both.
    public init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }

    /// Both on one line.
    public var description: String { "line \(line): \(reason)" }
}

/// Everything that is wrong with an import file; nothing of it was imported.
public struct ImportFaults: Error, Hashable, Sendable, CustomStringConvertible {
    /// One fault for each bad line, ascending.
    public let faults: [ImportFault]

    /// States all of them.
    public init(_ faults: [ImportFault]) { self.faults = faults }

    /// One line each.
    public var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
