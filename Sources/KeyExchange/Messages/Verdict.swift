internal import CBOR

/// What the device shall do with one key from now on.
///
///     verdict = [name: tstr, 0, epoch: uint, grace: uint] / [name: tstr, 1 / 3 / 4, epoch: uint]
///             / [name: tstr, 2]
public struct Verdict: Hashable, Sendable {
    /// The order itself.
    public enum Action: Hashable, Sendable {
        /// Use this generation; older ones may decrypt and verify for so many seconds, then go.
        case activate(Epoch, graceSeconds: UInt32)
        /// Destroy this generation, which never came into use or whose grace is over.
        case discard(Epoch)
        /// Destroy every generation of the key.
        case remove
        /// Keep this generation, which is in use, and lend it to nobody.
        case suspend(Epoch)
        /// Take this generation, which is suspended, back into use.
        case resume(Epoch)

        /// Whether older agents do not know it.
        var isNew: Bool {
            switch self {
            case .activate, .discard, .remove: false
            case .suspend, .resume: true
            }
        }
    }

    /// The key's name.
    public var name: KeyName
    /// What to do with it.
    public var action: Action

    /// States both.
    public init(name: KeyName, action: Action) {
        self.name = name
        self.action = action
    }
}

extension Verdict {
    func encode(into writer: inout CBORWriter) {
        switch action {
        case .activate(let epoch, let grace):
            writer.array(4)
            writer.text(name.description)
            writer.unsigned(0)
            writer.unsigned(UInt64(epoch.number))
            writer.unsigned(UInt64(grace))
        case .discard(let epoch): encode(1, epoch, into: &writer)
        case .remove:
            writer.array(2)
            writer.text(name.description)
            writer.unsigned(2)
        case .suspend(let epoch): encode(3, epoch, into: &writer)
        case .resume(let epoch): encode(4, epoch, into: &writer)
        }
    }

    private func encode(_ kind: UInt64, _ epoch: Epoch, into writer: inout CBORWriter) {
        writer.array(3)
        writer.text(name.description)
        writer.unsigned(kind)
        writer.unsigned(UInt64(epoch.number))
    }

    @_lifetime(reader: copy reader)
    static func decode(from reader: inout CBORReader) throws(MessageError) -> Verdict {
        let items = try reader.list(atMost: 4)
        let name = try reader.keyName()
        let action: Action
        switch (items, try reader.number()) {
        case (4, 0): action = .activate(try reader.epoch(), graceSeconds: try reader.seconds())
        case (3, 1): action = .discard(try reader.epoch())
        case (2, 2): action = .remove
        case (3, 3): action = .suspend(try reader.epoch())
        case (3, 4): action = .resume(try reader.epoch())
        case (_, let kind): throw MessageError("unknown verdict \(kind) of \(items) items")
        }
        return Verdict(name: name, action: action)
    }
}
