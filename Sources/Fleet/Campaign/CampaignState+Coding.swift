internal import CBOR
internal import Secrets

/// The bytes of a state in the store.
///
///     state = [1, phase, reason / null, createdBy, approvedBy / null, startedAt / null, endedAt / null,
///              openWave + 1, passedGate + 1, approvedWave + 1, countedAt / null, credit, halvings,
///              evidence, settled, {* kind => count}, rollBackWave / null, revision]
///     reason = [code, text / int / null]
extension CampaignState {
    private static let version: UInt64 = 1
    private static let maximumEncodedLength = 8192
    /// Bytes of an admin's name, as `uid:name`.
    static let maximumActor = 1024

    /// The one encoding of this state.
    public func encoded() -> [UInt8] {
        CBORWriter.encode { writer in
            writer.array(18)
            writer.unsigned(Self.version)
            writer.integer(phase.rawValue)
            if let pauseReason { pauseReason.write(to: &writer) } else { writer.null() }
            writer.text(createdBy)
            if let approvedBy { writer.text(approvedBy) } else { writer.null() }
            writer.optional(startedAt)
            writer.optional(endedAt)
            writer.integer(openWave + 1)
            writer.integer(passedGate + 1)
            writer.integer(approvedWave + 1)
            writer.optional(pacer.countedAt)
            writer.integer(pacer.credit)
            writer.integer(halvings)
            writer.integer(evidence)
            writer.integer(baseline.settled)
            writer.counts(baseline.failures)
            writer.optional(rollBackWave.map { Int64($0) })
            writer.unsigned(revision)
        }
    }

    /// Reads what `encoded` wrote.
    public init(decoding bytes: [UInt8]) throws(CampaignCodingError) {
        guard bytes.count <= Self.maximumEncodedLength else {
            throw CampaignCodingError(
                "a state has at most \(Self.maximumEncodedLength) bytes, have \(bytes.count)"
            )
        }
        var reader = CBORReader(bytes.rawSpan)
        do {
            self = try Self.read(&reader)
            try reader.end()
        } catch let error as CampaignCodingError {
            throw error
        } catch {
            throw CampaignCodingError("\(error)")
        }
    }

    private static func read(_ reader: inout CBORReader) throws -> CampaignState {
        try reader.array(18)
        let version = try reader.unsigned()
        guard version == Self.version else {
            throw CampaignCodingError("want a state of version \(Self.version), have \(version)")
        }
        let phase = try reader.value(of: Phase.self)
        let reason = try reader.isNull() ? nil : PauseReason(from: &reader)
        var state = CampaignState(createdBy: try reader.text(maximum: maximumActor))
        state.phase = phase
        state.pauseReason = reason
        state.approvedBy = try reader.isNull() ? nil : reader.text(maximum: maximumActor)
        state.startedAt = try reader.optionalInteger().map { Int64($0) }
        state.endedAt = try reader.optionalInteger().map { Int64($0) }
        let waves = 0...CampaignPlan.limits.waves
        state.openWave = try reader.integer(in: waves) - 1
        state.passedGate = try reader.integer(in: waves) - 1
        state.approvedWave = try reader.integer(in: waves) - 1
        state.pacer.countedAt = try reader.optionalInteger().map { Int64($0) }
        state.pacer.credit = try reader.integer(in: 0...Pacer.maximumCredit)
        state.halvings = try reader.integer(in: 0...20)
        state.evidence = try reader.integer(in: 0...Int.max)
        state.baseline.settled = try reader.integer(in: 0...Int.max)
        state.baseline.failures = try reader.counts()
        let rollBackWave = try reader.optionalInteger()
        guard rollBackWave.map({ (0..<CampaignPlan.limits.waves).contains($0) }) ?? true else {
            throw CampaignCodingError("there is no wave \(rollBackWave ?? 0)")
        }
        state.rollBackWave = rollBackWave
        state.revision = try reader.unsigned()
        return state
    }
}

extension PauseReason {
    fileprivate func write(to writer: inout CBORWriter) {
        writer.array(2)
        switch self {
        case .admin(let who):
            writer.unsigned(1)
            writer.text(who)
        case .approval(let wave): writer.pair(2, wave)
        case .gate(let wave): writer.pair(3, wave)
        case .stopRule(let index): writer.pair(4, index)
        case .sequentialTest:
            writer.unsigned(5)
            writer.null()
        case .rolledBack(let wave): writer.pair(6, wave)
        }
    }

    fileprivate init(from reader: inout CBORReader) throws {
        try reader.array(2)
        let code = try reader.unsigned()
        let places = 0...CampaignPlan.limits.waves
        switch code {
        case 1: self = .admin(by: try reader.text(maximum: CampaignState.maximumActor))
        case 2: self = .approval(wave: try reader.integer(in: places))
        case 3: self = .gate(wave: try reader.integer(in: places))
        case 4: self = .stopRule(try reader.integer(in: places))
        case 5:
            guard try reader.isNull() else {
                throw CampaignCodingError("the reason \(code) stands alone")
            }
            self = .sequentialTest
        case 6: self = .rolledBack(wave: try reader.integer(in: places))
        default: throw CampaignCodingError("no reason for a pause has the code \(code)")
        }
    }
}

extension CBORWriter {
    fileprivate mutating func pair(_ code: UInt64, _ value: Int) {
        unsigned(code)
        integer(value)
    }
}
