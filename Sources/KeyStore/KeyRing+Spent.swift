internal import EDHOC
internal import KeyExchange

/// The highest generation of a key that was in use and is destroyed, while no later one came into use.
///
/// A server that came back from an old copy of itself does not know that it gave the number out: it is
/// told, and no other key is taken under it.
struct SpentEpoch: Hashable, Sendable {
    /// Keys of which it is remembered; the one that went first is forgotten first.
    static let limit = MessageLimits.keys

    /// The key's name.
    let name: KeyName
    /// The number.
    let epoch: Epoch
    /// The first 8 bytes of its thumbprint.
    let check: [UInt8]
}

extension KeyRing {
    /// Whether a number may not be given to a key any more.
    func isSpent(_ epoch: Epoch, of name: KeyName) -> Bool {
        spent.contains { $0.name == name && $0.epoch >= epoch }
    }

    /// Remembers the highest of those that are destroyed, key by key, unless a later one is in use.
    mutating func spend(_ gone: [DestroyedKey]) {
        for last in gone where !isSpent(last.epoch, of: last.name) {
            let held = keys.first { $0.name == last.name }?.epochs ?? []
            // One that is held still is about to go: a crash came between the order and its end.
            guard held.allSatisfy({ $0.state == .pending || $0.epoch < last.epoch }),
                !held.contains(where: { $0.epoch == last.epoch })
            else { continue }
            spent.removeAll { $0.name == last.name }
            spent.append(
                SpentEpoch(name: last.name, epoch: last.epoch, check: last.thumbprint.check)
            )
            if spent.count > SpentEpoch.limit { spent.removeFirst() }
        }
    }

    /// What REPORT says of the keys; an older form of it has no word for numbers that are used up.
    func report(tellingSpent: Bool) -> [Report.HeldKey] {
        var report = keys.map { key in
            Report.HeldKey(
                name: key.name,
                epochs: key.epochs.map { entry in
                    Report.HeldEpoch(
                        epoch: entry.epoch,
                        state: entry.state,
                        check: entry.thumbprint.check
                    )
                }
            )
        }
        guard tellingSpent else { return report }
        for spent in spent.reversed() {
            let gone = Report.HeldEpoch(epoch: spent.epoch, state: .gone, check: spent.check)
            if let index = report.firstIndex(where: { $0.name == spent.name }) {
                guard report[index].epochs.count < MessageLimits.epochs else { continue }
                report[index].epochs.append(gone)
                report[index].epochs.sort { $0.epoch < $1.epoch }
            } else if report.count < MessageLimits.keys {
                report.append(Report.HeldKey(name: spent.name, epochs: [gone]))
            }
        }
        return report.sorted { $0.name < $1.name }
    }
}
