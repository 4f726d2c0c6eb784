internal import Foundation
internal import Glibc
internal import KeyStore
internal import Synchronization

/// A device's folder on a disk that keeps only what was synced.
///
/// The store writes real files; this watches each effect through the store's fault points. When the
/// process dies there, the folder is put into the state in which a real one could be found.
final class Disk: Sendable {
    /// How a process ends in the middle of a write.
    enum End: Sendable {
        /// Killed: what was written stays.
        case killed
        /// Without power: what was not synced is lost, or not.
        case powerLost(keepsRename: Bool)
    }

    private struct State {
        var durable: [String: [UInt8]] = [:]
        var before: [String: [UInt8]] = [:]
        var end: (steps: Int, kind: End)?
        var found: [String: [UInt8]]?
        var isFull = false
    }

    /// The state folder.
    let path: String
    /// A disk that says that it has synced, and has not: its last write is lost with the power.
    private let isForgetful: Bool
    private let state = Mutex(State())
    private static let names = ["device", "keys", "kek", "broker-ca.pem"]

    init(_ path: String, isForgetful: Bool) {
        self.path = path
        self.isForgetful = isForgetful
    }

    /// What the store is opened with.
    var faults: Faults { { [self] point in reached(point) } }

    /// Whether the process has come to the end that was planned for it.
    var hasEnded: Bool { state.withLock { $0.found != nil } }

    /// Plans the end of the process at one of the next fault points.
    func plan(_ kind: End, after steps: Int) { state.withLock { $0.end = (steps, kind) } }

    /// Nothing breaks any more.
    func calm() { state.withLock { ($0.end, $0.isFull) = (nil, false) } }

    func setFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    /// Brings the folder into the state in which the next process finds it; nobody may have it open.
    func settle(powerLost: Bool) {
        let found = state.withLock { state -> [String: [UInt8]]? in
            defer { (state.end, state.found) = (nil, nil) }
            return state.found ?? (powerLost && isForgetful ? state.before : nil)
        }
        guard let found else { return }
        for name in Self.names.flatMap({ [$0, Self.temporary($0)] }) {
            unsafe unlink("\(path)/\(name)")
            guard let content = found[name] else { continue }
            _ = FileManager.default.createFile(
                atPath: "\(path)/\(name)",
                contents: Data(content),
                attributes: [.posixPermissions: 0o600]
            )
        }
        let now = read()
        state.withLock { ($0.durable, $0.before) = (now, now) }
    }

    /// Everything on the disk but the file of the key that opens the rest.
    func contents() -> [[UInt8]] {
        read().filter { $0.key != "kek" }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func reached(_ point: FaultPoint) -> CInt? {
        state.withLock { state in
            if state.found != nil { return EIO }
            if let end = state.end {
                if end.steps == 0 {
                    state.found = found(at: point, end.kind, state)
                    return EIO
                }
                state.end?.steps -= 1
            }
            if state.isFull, point == .written { return ENOSPC }
            if point == .settled {
                state.before = state.durable
                state.durable = read()
            }
            return nil
        }
    }

    private func found(at point: FaultPoint, _ end: End, _ state: State) -> [String: [UInt8]] {
        guard case .powerLost(let keepsRename) = end else { return read() }
        if isForgetful { return state.before }
        switch point {
        case .created, .written, .synced:
            // The temporary file may be there, with any part of its content.
            var files = state.durable
            for (name, content) in read() where name.hasPrefix(".") {
                files[name] = Array(content.prefix(content.count / 2))
            }
            return files
        case .renamed, .removed: return keepsRename ? read() : state.durable
        case .settled: return read()
        }
    }

    private func read() -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in Self.names.flatMap({ [$0, Self.temporary($0)] }) {
            let content = FileManager.default.contents(atPath: "\(path)/\(name)")
            files[name] = content.map { [UInt8]($0) }
        }
        return files
    }

    private static func temporary(_ name: String) -> String { ".\(name).tmp" }
}
