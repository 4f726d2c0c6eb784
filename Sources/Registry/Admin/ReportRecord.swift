internal import CBOR
internal import KeyExchange
internal import Secrets

/// What a device said that it holds, as a row keeps it.
///
///     [* [name: tstr, [* [epoch: uint, state: uint, check: bstr]]]]
enum ReportRecord {
    static func encode(_ keys: [Report.HeldKey]) -> [UInt8] {
        if keys.isEmpty { return [0x80] }
        return CBORWriter.encode { writer in
            writer.array(keys.count)
            for key in keys {
                writer.array(2)
                writer.text(key.name.description)
                writer.array(key.epochs.count)
                for held in key.epochs {
                    writer.array(3)
                    writer.unsigned(UInt64(held.epoch.number))
                    writer.unsigned(held.state.rawValue)
                    writer.bytes(held.check)
                }
            }
        }
    }

    /// Nothing for a device that was never heard, or a damaged row: the next report replaces it.
    static func decode(_ bytes: [UInt8]) -> [Report.HeldKey] {
        do {
            var keys: [Report.HeldKey] = []
            var reader = CBORReader(bytes.rawSpan)
            for _ in 0..<(try reader.array()) {
                try reader.array(2)
                let name = try KeyName(parsing: try reader.text(maximum: 64))
                var epochs: [Report.HeldEpoch] = []
                for _ in 0..<(try reader.array()) {
                    try reader.array(3)
                    guard let number = UInt32(exactly: try reader.unsigned()),
                        let epoch = Epoch(number),
                        let state = Report.EpochState(rawValue: try reader.unsigned())
                    else { return [] }
                    epochs.append(
                        Report.HeldEpoch(epoch: epoch, state: state, check: try reader.bytes())
                    )
                }
                keys.append(Report.HeldKey(name: name, epochs: epochs))
            }
            return keys
        } catch {
            return []
        }
    }
}
