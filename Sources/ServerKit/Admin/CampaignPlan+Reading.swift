internal import AdminModel
internal import Fleet
internal import KeyExchange

extension Fleet.CampaignPlan {
    /// Checks what an admin asks for; each fault comes with its field.
    init(_ request: AdminModel.CampaignPlan) throws(AdminProblem) {
        let name: CampaignName = try parsedName(request.name, "name")
        let key: KeyName = try parsedName(request.key, "key")
        let action = try choice(request.action ?? "rotate", "action") {
            CampaignAction(parsing: $0)
        }
        let target = try Query(reading: request.query, "where")
        let pace = try Pace(request.pace)
        let waves = try each(request.waves, "waves") { wave, field throws(AdminProblem) in
            try Wave(wave, field)
        }
        let windows = try each(request.windows, "windows") { window, field throws(AdminProblem) in
            try MaintenanceWindow(window, field)
        }
        let rules = try each(request.stopRules, "stopRules") { rule, field throws(AdminProblem) in
            try StopRule(rule, field)
        }
        let test = try SequentialTest.reading(request.sequentialTest)
        let silence = try Silence(request.silence)
        let timeZone = try request.timeZone.map { text throws(AdminProblem) in
            try checked("timeZone") { () throws(FleetError) in try TimeZoneName(parsing: text) }
        }
        var retries: [CampaignFailure: Int] = [:]
        for (kind, budget) in request.retries ?? [:] {
            retries[try choice(kind, "retries") { CampaignFailure(parsing: $0) }] = budget
        }
        do throws(FleetError) {
            try self.init(
                name: name,
                action: action,
                key: key,
                target: target,
                isDynamic: request.isDynamic ?? false,
                pace: pace,
                waves: waves ?? [Wave(.rest)],
                windows: windows ?? [],
                utcOffsetMinutes: request.utcOffsetMinutes ?? 0,
                timeZone: timeZone,
                maximumInFlight: request.maximumInFlight ?? 1_000,
                deadline: request.deadline?.seconds,
                stopRules: rules ?? Self.standardStopRules,
                sequentialTest: test,
                silence: silence,
                retries: retries,
                priority: request.priority ?? 5
            )
        } catch {
            throw AdminProblem(.invalid, error.description)
        }
    }
}

/// A name with the field that it stands in.
private func parsedName<Name: LatchkeyName>(
    _ text: String,
    _ field: String
) throws(AdminProblem) -> Name {
    do throws(NameError) {
        return try Name(parsing: text)
    } catch {
        throw AdminProblem(field: field, error.description)
    }
}

/// Each item of a list with its path.
private func each<Item, Value>(
    _ items: [Item]?,
    _ field: String,
    _ read: (Item, String) throws(AdminProblem) -> Value
) throws(AdminProblem) -> [Value]? {
    guard let items else { return nil }
    var values: [Value] = []
    for (index, item) in items.enumerated() { values.append(try read(item, "\(field).\(index)")) }
    return values
}

/// Something that checks itself, with the field that it stands in.
private func checked<Value>(
    _ field: String,
    _ make: () throws(FleetError) -> Value
) throws(AdminProblem) -> Value {
    do throws(FleetError) {
        return try make()
    } catch {
        throw AdminProblem(field: field, error.description)
    }
}

/// A number in steps of a thousandth or a tenth; nil when it does not fit.
private func scaled(_ value: Double, by factor: Double) -> Int? {
    let product = (value * factor).rounded()
    return product.isFinite ? Int(exactly: product) : nil
}

extension AdminProblem {
    /// A value that can't be, with its place.
    init(field: String, _ message: String) {
        self.init(
            .invalid,
            "\(field): \(message)",
            details: [.init(field: field, message: message)]
        )
    }
}

extension Query {
    /// Reads a query; a fault comes with its column.
    init(reading text: String, _ field: String) throws(AdminProblem) {
        do throws(QueryError) {
            try self.init(parsing: text)
        } catch {
            throw AdminProblem(
                .invalid,
                "bad query in \(field), \(error)",
                details: [
                    .init(field: field, input: text, column: error.column, message: error.reason)
                ]
            )
        }
    }
}

extension Pace {
    fileprivate init(_ request: AdminModel.CampaignPlan.Pace) throws(AdminProblem) {
        guard let factor = request.factor else {
            guard request.every == nil else {
                throw AdminProblem(
                    field: "pace.every",
                    "is for a pace that grows: want a factor, too"
                )
            }
            self = try checked("pace") { () throws(FleetError) in
                try Pace(
                    perMinute: request.perMinute,
                    maximumPerMinute: request.maximumPerMinute
                )
            }
            return
        }
        guard let thousandths = scaled(factor, by: 1_000) else {
            throw AdminProblem(field: "pace.factor", "want a factor of 1.1 to 10")
        }
        self = try checked("pace") { () throws(FleetError) in
            try Pace(
                kind: .exponential(
                    factorThousandths: thousandths,
                    every: request.every ?? request.perMinute
                ),
                perMinute: request.perMinute,
                maximumPerMinute: request.maximumPerMinute
            )
        }
    }
}

extension Wave {
    fileprivate init(
        _ request: AdminModel.CampaignPlan.Wave,
        _ field: String
    ) throws(AdminProblem) {
        let size: Size
        switch (request.count, request.percent, request.query, request.isRest ?? false) {
        case (let count?, nil, nil, false): size = .count(count)
        case (nil, let percent?, nil, false): size = .percent(percent)
        case (nil, nil, let query?, false):
            size = .matching(try Query(reading: query, "\(field).where"))
        case (nil, nil, nil, true): size = .rest
        default: throw AdminProblem(field: field, "want one of count, percent, where and rest")
        }
        self.init(
            size,
            successPercent: request.gatePercent ?? 0,
            needsApproval: request.needsApproval ?? false
        )
    }
}

extension MaintenanceWindow {
    fileprivate init(
        _ request: AdminModel.CampaignPlan.Window,
        _ field: String
    ) throws(AdminProblem) {
        var days: Set<Weekday> = []
        for day in request.days {
            days.insert(try choice(day, "\(field).days") { Weekday(parsing: $0) })
        }
        guard let from = Self.minute(request.from), let to = Self.minute(request.to) else {
            throw AdminProblem(field: field, "want times from 00:00 to 24:00")
        }
        self = try checked(field) { () throws(FleetError) in
            try MaintenanceWindow(weekdays: days, from: from, to: to)
        }
    }

    /// `22:00` as a minute of the day.
    private static func minute(_ text: String) -> Int? {
        let digits = Array(text.utf8)
        guard digits.count == 5, digits[2] == UInt8(ascii: ":") else { return nil }
        var values: [Int] = []
        for index in [0, 1, 3, 4] {
            guard (0x30...0x39).contains(digits[index]) else { return nil }
            values.append(Int(digits[index] - 0x30))
        }
        let (hour, minute) = (values[0] * 10 + values[1], values[2] * 10 + values[3])
        guard hour <= 24, minute < 60, hour < 24 || minute == 0 else { return nil }
        return hour * 60 + minute
    }
}

extension StopRule {
    fileprivate init(
        _ request: AdminModel.CampaignPlan.StopRule,
        _ field: String
    ) throws(AdminProblem) {
        var failures: Set<CampaignFailure> = []
        for kind in request.failures ?? [] {
            failures.insert(try choice(kind, "\(field).failures") { CampaignFailure(parsing: $0) })
        }
        let threshold: Threshold
        switch (request.count, request.percent, request.sample) {
        case (let count?, nil, nil): threshold = .count(count)
        case (nil, let percent?, let sample?): threshold = .percent(percent, sample: sample)
        default:
            throw AdminProblem(field: field, "want either a count, or a percent with its sample")
        }
        let reaction = try choice(request.reaction ?? "pause", "\(field).reaction") {
            Reaction(parsing: $0)
        }
        self = try checked(field) { () throws(FleetError) in
            try StopRule(failures: failures, threshold: threshold, reaction: reaction)
        }
    }
}

extension SequentialTest {
    fileprivate static func reading(
        _ request: AdminModel.CampaignPlan.SequentialTest?
    ) throws(AdminProblem) -> SequentialTest? {
        guard let request else { return .standard }
        guard request.isOn ?? true else { return nil }
        let noise = request.noisePercent.map { scaled($0, by: 10) } ?? standard.noiseThousandths
        let bad = request.badPercent.map { scaled($0, by: 10) } ?? standard.badThousandths
        guard let noise, let bad else {
            throw AdminProblem(field: "sequentialTest", "want rates from 0.1 to 99.9 percent")
        }
        let reaction = try choice(request.reaction ?? "pause", "sequentialTest.reaction") {
            StopRule.Reaction(parsing: $0)
        }
        return try checked("sequentialTest") { () throws(FleetError) in
            try SequentialTest(
                noiseThousandths: noise,
                badThousandths: bad,
                failuresInARow: request.failuresInARow ?? standard.failuresInARow,
                reaction: reaction
            )
        }
    }
}

extension Silence {
    fileprivate init(_ request: AdminModel.CampaignPlan.Silence?) throws(AdminProblem) {
        guard let request else {
            self = .standard
            return
        }
        let tenths = request.factor.map { scaled($0, by: 10) } ?? Self.standard.factorTenths
        guard let tenths else {
            throw AdminProblem(field: "silence.factor", "want a factor of 1.1 to 100")
        }
        self = try checked("silence") { () throws(FleetError) in
            try Silence(
                factorTenths: tenths,
                floorSeconds: request.leastSeconds ?? Self.standard.floorSeconds,
                ceilingSeconds: request.mostSeconds ?? Self.standard.ceilingSeconds
            )
        }
    }
}
