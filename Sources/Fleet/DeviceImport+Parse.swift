public import EDHOC
public import KeyExchange

/// Reads the CSV with which an admin makes devices known before they are heard.
///
///     name,group,public_key
///     lamp-1,lights,<x, or x and y, of its P-256 key in hexadecimal>
public enum DeviceImport {
    /// Devices in one file.
    public static let maximumRows = 100_000
    /// The first line.
    public static let header = "name,group,public_key"

    /// Reads all of it, or reports every line that is bad.
    public static func parse(
        _ text: String,
        groups: Set<GroupName>,
        crypto: any Crypto
    ) throws(ImportFaults) -> [ImportRow] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(Substring($0)).trimmed }
        if let first = lines.first { lines[0] = String(first.drop { $0 == "\u{feff}" }) }
        guard lines.first == header else {
            throw ImportFaults([
                ImportFault(line: 1, reason: "want the header \"\(header)\"")
            ])
        }
        var reading = Reading(groups: groups, crypto: crypto)
        for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
            reading.take(line, number: index + 1)
            guard reading.rows.count + reading.faults.count <= maximumRows else {
                throw ImportFaults([
                    ImportFault(
                        line: index + 1,
                        reason: "want at most \(maximumRows) devices in one file"
                    )
                ])
            }
        }
        guard reading.faults.isEmpty else { throw ImportFaults(reading.faults) }
        guard !reading.rows.isEmpty else {
            throw ImportFaults([ImportFault(line: 2, reason: "the file names no device")])
        }
        return reading.rows
    }

    private struct Reading {
        let groups: Set<GroupName>
        let crypto: any Crypto
        var rows: [ImportRow] = []
        var faults: [ImportFault] = []
        var lineOfName: [DeviceID: Int] = [:]
        var lineOfKey: [[UInt8]: Int] = [:]

        mutating func take(_ line: String, number: Int) {
            do throws(ImportFault) {
                let row = try row(line, number: number)
                if let earlier = lineOfName.updateValue(number, forKey: row.name) {
                    throw ImportFault(
                        line: number,
                        reason: "the name \(row.name) is on line \(earlier) already"
                    )
                }
                if let earlier = lineOfKey.updateValue(number, forKey: row.publicKey) {
                    throw ImportFault(
                        line: number,
                        reason: "the public key is on line \(earlier) already"
                    )
                }
                rows.append(row)
            } catch {
                faults.append(error)
            }
        }

        func row(_ line: String, number: Int) throws(ImportFault) -> ImportRow {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                .map { String($0).trimmed }
            guard fields.count == 3 else {
                throw ImportFault(line: number, reason: "want 3 fields, have \(fields.count)")
            }
            let name: DeviceID
            let group: GroupName
            do throws(NameError) {
                name = try DeviceID(parsing: fields[0])
                group = try GroupName(parsing: fields[1])
            } catch {
                throw ImportFault(line: number, reason: error.description)
            }
            guard groups.contains(group) else {
                throw ImportFault(line: number, reason: "there is no group \(group)")
            }
            return ImportRow(
                line: number,
                name: name,
                group: group,
                publicKey: try publicKey(fields[2], number: number)
            )
        }

        private func publicKey(_ text: String, number: Int) throws(ImportFault) -> [UInt8] {
            guard let bytes = KeyExchange.bytes(hexadecimal: text),
                bytes.count == 32 || bytes.count == 64
            else {
                throw ImportFault(
                    line: number,
                    reason: "bad public key: want 64 hexadecimal digits of x, or 128 of x and y, "
                        + "have \(text.utf8.count) characters"
                )
            }
            do {
                return try crypto.agreementPublicKey(.p256, bytes).bytes
            } catch {
                throw ImportFault(
                    line: number,
                    reason: "bad public key: not a point of the curve P-256"
                )
            }
        }
    }
}

extension String {
    /// Without blanks, tabs and carriage returns at both ends.
    fileprivate var trimmed: String {
        let isBlank = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 }
        let start = utf8.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }
        guard let end else { return "" }
        return String(self[start.startIndex...end])
    }
}
