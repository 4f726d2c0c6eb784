internal import CBOR

/// The parts of a plan, as the store has them.
extension Pace {
    func write(to writer: inout CBORWriter) {
        switch kind {
        case .constant:
            writer.array(2)
            writer.integer(perMinute)
            writer.integer(maximumPerMinute)
        case .exponential(let factor, let every):
            writer.array(4)
            writer.integer(perMinute)
            writer.integer(maximumPerMinute)
            writer.integer(factor)
            writer.integer(every)
        }
    }

    init(from reader: inout CBORReader) throws {
        let count = try reader.array()
        guard count == 2 || count == 4 else {
            throw CampaignCodingError("want a pace of 2 or 4 numbers, have \(count)")
        }
        let (rate, maximum) = (try reader.integer(), try reader.integer())
        var kind = Kind.constant
        if count == 4 {
            kind = .exponential(
                factorThousandths: try reader.integer(),
                every: try reader.integer()
            )
        }
        try self.init(kind: kind, perMinute: rate, maximumPerMinute: maximum)
    }
}

extension Wave {
    func write(to writer: inout CBORWriter) {
        writer.array(4)
        switch size {
        case .count(let count):
            writer.unsigned(1)
            writer.integer(count)
        case .percent(let percent):
            writer.unsigned(2)
            writer.integer(percent)
        case .matching(let query):
            writer.unsigned(3)
            writer.text(query.description)
        case .rest:
            writer.unsigned(4)
            writer.null()
        }
        writer.integer(successPercent)
        writer.bool(needsApproval)
    }

    init(from reader: inout CBORReader) throws {
        try reader.array(4)
        let code = try reader.unsigned()
        let size: Size
        switch code {
        case 1: size = .count(try reader.integer())
        case 2: size = .percent(try reader.integer())
        case 3:
            size = .matching(try Query(parsing: reader.text(maximum: Query.maximumLength)))
        case 4:
            guard try reader.isNull() else { throw CampaignCodingError("the rest has no number") }
            size = .rest
        default: throw CampaignCodingError("no size of a wave has the code \(code)")
        }
        self.init(
            size,
            successPercent: try reader.integer(),
            needsApproval: try reader.bool()
        )
    }
}

extension MaintenanceWindow {
    func write(to writer: inout CBORWriter) {
        writer.array(3)
        writer.unsigned(weekdays.reduce(0) { $0 | 1 << UInt64($1.rawValue - 1) })
        writer.integer(from)
        writer.integer(to)
    }

    init(from reader: inout CBORReader) throws {
        try reader.array(3)
        let bits = try reader.unsigned(in: 0...127)
        try self.init(
            weekdays: Set(Weekday.allCases.filter { bits >> UInt64($0.rawValue - 1) & 1 == 1 }),
            from: reader.integer(),
            to: reader.integer()
        )
    }
}

extension StopRule {
    func write(to writer: inout CBORWriter) {
        writer.array(4)
        writer.array(failures.count)
        for kind in failures.map(\.rawValue).sorted() { writer.integer(kind) }
        switch threshold {
        case .count(let count):
            writer.integer(count)
            writer.null()
        case .percent(let percent, let sample):
            writer.integer(percent)
            writer.integer(sample)
        }
        writer.integer(reaction.rawValue)
    }

    init(from reader: inout CBORReader) throws {
        try reader.array(4)
        let kinds = try reader.list(maximum: CampaignFailure.allCases.count) {
            try $0.value(of: CampaignFailure.self)
        }
        let value = try reader.integer()
        let sample = try reader.optionalInteger()
        try self.init(
            failures: Set(kinds),
            threshold: sample.map { .percent(value, sample: $0) } ?? .count(value),
            reaction: reader.value(of: Reaction.self)
        )
    }
}

extension SequentialTest {
    func write(to writer: inout CBORWriter) {
        writer.array(4)
        writer.integer(noiseThousandths)
        writer.integer(badThousandths)
        writer.integer(failuresInARow)
        writer.integer(reaction.rawValue)
    }

    init(from reader: inout CBORReader) throws {
        try reader.array(4)
        try self.init(
            noiseThousandths: reader.integer(),
            badThousandths: reader.integer(),
            failuresInARow: reader.integer(),
            reaction: reader.value(of: StopRule.Reaction.self)
        )
    }
}

extension Silence {
    func write(to writer: inout CBORWriter) {
        writer.array(3)
        writer.integer(factorTenths)
        writer.integer(Int(floorSeconds))
        writer.integer(Int(ceilingSeconds))
    }

    init(from reader: inout CBORReader) throws {
        try reader.array(3)
        try self.init(
            factorTenths: reader.integer(),
            floorSeconds: Int64(reader.integer()),
            ceilingSeconds: Int64(reader.integer())
        )
    }
}

extension CBORWriter {
    mutating func optional(_ value: Int64?) {
        if let value { integer(Int(value)) } else { null() }
    }

    mutating func counts(_ counts: [CampaignFailure: Int]) {
        map(counts.count)
        for (kind, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            integer(kind.rawValue)
            integer(count)
        }
    }
}

extension CBORReader {
    /// Reads `null` and says so, or leaves what follows.
    @_lifetime(self: copy self)
    mutating func isNull() throws(CBORError) -> Bool {
        guard nextByte == 0xf6 else { return false }
        try skip()
        return true
    }

    @_lifetime(self: copy self)
    mutating func optionalInteger() throws(CBORError) -> Int? {
        try isNull() ? nil : integer()
    }

    @_lifetime(self: copy self)
    mutating func integer(in range: ClosedRange<Int>) throws(CBORError) -> Int {
        let value = try integer()
        guard range.contains(value) else {
            throw CBORError(.limit, "want a number in \(range), have \(value)")
        }
        return value
    }

    @_lifetime(self: copy self)
    mutating func value<Value: RawRepresentable<Int>>(
        of type: Value.Type
    ) throws(CBORError) -> Value {
        let number = try integer()
        guard let value = type.init(rawValue: number) else {
            throw CBORError(.limit, "no \(type) has the number \(number)")
        }
        return value
    }

    @_lifetime(self: copy self)
    mutating func list<Element>(
        maximum: Int,
        _ read: (inout CBORReader) throws -> Element
    ) throws -> [Element] {
        let count = try array()
        guard count <= maximum else {
            throw CBORError(.limit, "want at most \(maximum) items, have \(count)")
        }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try read(&self)) }
        return elements
    }

    @_lifetime(self: copy self)
    mutating func counts() throws(CBORError) -> [CampaignFailure: Int] {
        let count = try map()
        var counts: [CampaignFailure: Int] = [:]
        var last = 0
        for _ in 0..<count {
            let kind = try value(of: CampaignFailure.self)
            guard kind.rawValue > last else {
                throw CBORError(.notDeterministic, "map keys out of order, or one twice")
            }
            last = kind.rawValue
            counts[kind] = try integer(in: 0...Int.max)
        }
        return counts
    }
}
