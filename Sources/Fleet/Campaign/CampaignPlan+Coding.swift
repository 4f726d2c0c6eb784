internal import CBOR
internal import KeyExchange
internal import Secrets

/// Why stored bytes are not a plan or a state of this version.
public struct CampaignCodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected and what was found.
    public let description: String

    init(_ description: String) { self.description = description }
    init(_ error: CBORError) { description = error.description }
}

/// The bytes of a plan in the store.
///
///     plan   = [1, name, action, key, query, dynamic, pace, [* wave], [* window], offset, inFlight,
///               deadline / null, [* rule], test / null, silence, {* kind => budget}, priority]
///     pace   = [rate, maximum] / [rate, maximum, factor, every]
///     wave   = [size, value / query / null, success, approval]
///     window = [bits of weekdays, from, to]
///     offset = minutes / time zone
///     rule   = [[* kind], count, sample / null, reaction]
///     test   = [noise, bad, row, reaction]
///     silence = [factor, floor, ceiling]
extension CampaignPlan {
    private static let version: UInt64 = 1
    /// The most bytes of an encoded plan: 64 waves with a long query each, and the rest.
    public static let maximumEncodedLength = 96 * 1024

    /// The one encoding of this plan.
    public func encoded() -> [UInt8] {
        CBORWriter.encode { writer in
            writer.array(17)
            writer.unsigned(Self.version)
            writer.text(name.description)
            writer.integer(action.rawValue)
            writer.text(key.description)
            writer.text(target.description)
            writer.bool(isDynamic)
            pace.write(to: &writer)
            writer.array(waves.count)
            for wave in waves { wave.write(to: &writer) }
            writer.array(windows.count)
            for window in windows { window.write(to: &writer) }
            if let timeZone {
                writer.text(timeZone.description)
            } else {
                writer.integer(utcOffsetMinutes)
            }
            writer.integer(maximumInFlight)
            writer.optional(deadline)
            writer.array(stopRules.count)
            for rule in stopRules { rule.write(to: &writer) }
            if let sequentialTest { sequentialTest.write(to: &writer) } else { writer.null() }
            silence.write(to: &writer)
            writer.counts(retries)
            writer.integer(priority)
        }
    }

    /// Reads what `encoded` wrote, and checks it as `init` does.
    public init(decoding bytes: [UInt8]) throws(CampaignCodingError) {
        guard bytes.count <= Self.maximumEncodedLength else {
            throw CampaignCodingError(
                "a plan has at most \(Self.maximumEncodedLength) bytes, have \(bytes.count)"
            )
        }
        var reader = CBORReader(bytes.rawSpan, limits: .init(length: 4096, count: 64, depth: 6))
        do {
            self = try Self.read(&reader)
            try reader.end()
        } catch let error as CampaignCodingError {
            throw error
        } catch {
            throw CampaignCodingError("\(error)")
        }
    }

    private static func read(_ reader: inout CBORReader) throws -> CampaignPlan {
        try reader.array(17)
        let version = try reader.unsigned()
        guard version == Self.version else {
            throw CampaignCodingError("want a plan of version \(Self.version), have \(version)")
        }
        var zone: TimeZoneName?
        return try CampaignPlan(
            name: CampaignName(parsing: reader.text(maximum: 64)),
            action: reader.value(of: CampaignAction.self),
            key: KeyName(parsing: reader.text(maximum: 64)),
            target: Query(parsing: reader.text(maximum: Query.maximumLength)),
            isDynamic: reader.bool(),
            pace: Pace(from: &reader),
            waves: reader.list(maximum: limits.waves) { try Wave(from: &$0) },
            windows: reader.list(maximum: limits.windows) { try MaintenanceWindow(from: &$0) },
            utcOffsetMinutes: reader.offset(or: &zone),
            timeZone: zone,
            maximumInFlight: reader.integer(),
            deadline: reader.optionalInteger().map { Int64($0) },
            stopRules: reader.list(maximum: limits.stopRules) { try StopRule(from: &$0) },
            sequentialTest: reader.isNull() ? nil : SequentialTest(from: &reader),
            silence: Silence(from: &reader),
            retries: reader.counts(),
            priority: reader.integer()
        )
    }
}

extension CBORReader {
    /// Reads minutes, or 0 and a time zone.
    @_lifetime(self: copy self)
    fileprivate mutating func offset(or zone: inout TimeZoneName?) throws -> Int {
        // Texts are of the major type 3.
        guard let next = nextByte, next >> 5 == 3 else { return try integer() }
        zone = try TimeZoneName(parsing: text(maximum: 64))
        return 0
    }
}
