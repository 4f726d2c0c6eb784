import AdminModel
import Foundation
import Testing

@testable import LatchkeyCLI

@Suite struct PlanArgumentTests {
    private func plan(_ words: String...) async throws -> CampaignPlan {
        let outcome = await run(["campaign", "create"] + words + ["--print"])
        #expect(outcome.status == .done, "\(outcome.error)")
        return try outcome.decoded(CampaignPlan.self)
    }

    @Test func `the flags make a plan`() async throws {
        let plan = try await plan(
            "spring",
            "--key",
            "data",
            "--where",
            "group=hall",
            "--exponential",
            "base=10,factor=2,max=600",
            "--wave",
            "5",
            "--wave",
            "10%",
            "--wave",
            "label.floor=3",
            "--wave",
            "rest",
            "--gate",
            "95%",
            "--approve-waves",
            "--window",
            "mon-fri 22:00-04:00",
            "--in-flight",
            "200",
            "--deadline",
            "2026-12-01T00:00Z",
            "--stop",
            "hookFailed>=3:pause",
            "--stop",
            "any>=5%/100:cancel",
            "--sequential",
            "--retry",
            "storeFull=2",
            "--priority",
            "7",
            "--dynamic",
            "--utc-offset",
            "-05:30"
        )
        #expect(plan.pace == .init(perMinute: 10, maximumPerMinute: 600, factor: 2))
        let waves = try #require(plan.waves)
        #expect(waves.map(\.count) == [5, nil, nil, nil] && waves[1].percent == 10)
        #expect(waves[2].query == "label.floor=3" && waves[3].isRest == true)
        #expect(waves.map(\.gatePercent) == [nil, 95, 95, 95])
        #expect(waves.map(\.needsApproval) == [nil, true, true, true])
        #expect(plan.windows?.first?.days == ["mon", "tue", "wed", "thu", "fri"])
        #expect(plan.deadline?.description == "2026-12-01T00:00:00Z")
        #expect(plan.stopRules?.first?.failures == ["hookFailed"])
        #expect(plan.stopRules?.last == .init(percent: 5, sample: 100, reaction: "cancel"))
        #expect(plan.sequentialTest?.isOn == true && plan.retries == ["storeFull": 2])
        #expect(plan.priority == 7 && plan.isDynamic == true && plan.utcOffsetMinutes == -330)
        #expect(plan.maximumInFlight == 200)
    }

    @Test func `what is printed can be read again`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "latchkey-plan-\(UInt32.random(in: 0 ... .max)).json")
        defer { try? FileManager.default.removeItem(at: folder) }
        let printed = await run(
            [
                "campaign", "create", "spring", "--key", "data", "--where", "group=hall", "--rate",
                "2/s", "--print",
            ]
        )
        try printed.output.write(to: folder, atomically: false, encoding: .utf8)
        let read = try await plan("--file", folder.path())
        #expect(read.pace.perMinute == 120 && read.name == "spring")
        #expect(try await plan("autumn", "--file", folder.path()).name == "autumn")
        try "{\"name\": \"spring\"}".write(to: folder, atomically: false, encoding: .utf8)
        let half = await run(["campaign", "create", "--file", folder.path(), "--print"])
        #expect(half.status == .local && half.error.contains("field \"key\" is missing"))
        try "spring".write(to: folder, atomically: false, encoding: .utf8)
        let text = await run(["campaign", "create", "--file", folder.path(), "--print"])
        #expect(text.status == .local && text.error.contains("not JSON"))
    }

    @Test(arguments: [
        ("\"priorty\": 9", "priorty"),
        ("\"waves\": [{\"percent\": 100, \"gate\": 95}]", "waves.0.gate"),
        ("\"silence\": {\"factors\": 2}", "silence.factors"),
    ])
    func `a field of a file that no plan has is refused by name`(
        field: String,
        path: String
    ) async throws {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "latchkey-plan-\(UInt32.random(in: 0 ... .max)).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let plan = """
            {"name": "spring", "key": "data", "where": "group=hall", "pace": {"perMinute": 60}, \(field)}
            """
        try plan.write(to: file, atomically: false, encoding: .utf8)
        let outcome = await run(["campaign", "create", "--file", file.path(), "--print"])
        #expect(outcome.status == .local && outcome.output.isEmpty)
        #expect(outcome.error.contains("there is no field \"\(path)\""), "\(outcome.error)")
    }

    @Test(arguments: [
        ["--key", "data"], ["--where", "all"], ["--action", "compromise"], ["--dynamic"],
        ["--rate", "1/s"], ["--exponential", "base=1"], ["--maximum-rate", "9/s"],
        ["--wave", "rest"], ["--gate", "9%"], ["--approve-waves"],
        ["--window", "daily 01:00-02:00"], ["--utc-offset", "+01:00"], ["--time-zone", "UTC"],
        ["--in-flight", "3"], ["--deadline", "7d"], ["--stop", "any>=3"], ["--no-sequential"],
        ["--silence", "2"], ["--retry", "storeFull=2"], ["--priority", "9"],
    ])
    func `a flag beside a file is not dropped in silence`(words: [String]) async {
        let outcome = await run(["campaign", "create", "--file", "plan.json", "--print"] + words)
        #expect(outcome.status == .usage)
        let flag = words[0].replacing("--no-", with: "--")
        #expect(outcome.error.contains("write \(flag) into it"), "\(outcome.error)")
    }

    @Test(arguments: [
        ["--rate", "60"], ["--rate", "60/day"], ["--rate", "0/min"], ["--rate", "90/h"],
        ["--rate", "60/min", "--exponential", "base=10"], ["--exponential", "factor=2"],
        ["--exponential", "base=10,factor=1"], ["--exponential", "base=10,base=20"],
        ["--exponential", "base=10,colour=red"], ["--exponential", ""], [],
    ])
    func `a pace that can't be understood is wrong usage`(words: [String]) async {
        let base = ["campaign", "create", "x", "--key", "k", "--where", "group=g", "--print"]
        #expect(await run(base + words).status == .usage)
    }

    @Test(arguments: [
        ["--wave", "0"], ["--wave", "0%"], ["--wave", "101%"], ["--wave", "all"], ["--wave", ""],
        ["--gate", "95%"], ["--approve-waves"], ["--wave", "5", "--wave", "rest", "--gate", "95"],
        ["--window", "22:00-04:00"], ["--window", "mon 22-04"], ["--window", "mon 24:30-25:00"],
        ["--window", "someday 01:00-02:00"], ["--window", "mon- 01:00-02:00"],
        ["--deadline", "soon"], ["--deadline", "2026-12-01T00:00"], ["--stop", "any"],
        ["--stop", ">=3"], ["--stop", "any>=5%"], ["--stop", "any>=101%/10"],
        ["--stop", "any>=3/2"], ["--stop", "hook,,tpm>=3"], ["--retry", "storeFull"],
        ["--retry", "storeFull=0"], ["--retry", "storeFull=2", "--retry", "storeFull=3"],
        ["--utc-offset", "2"], ["--utc-offset", "+15:00"], ["--utc-offset", "02:00"],
        ["--priority", "high"], ["--in-flight", "-"], ["--file", "plan.json"],
    ])
    func `a flag that can't be understood is wrong usage`(words: [String]) async {
        let base = [
            "campaign", "create", "x", "--key", "k", "--where", "group=g", "--rate", "1/s",
            "--print",
        ]
        let outcome = await run(base + words)
        #expect(outcome.status == .usage, "\(outcome.output)")
    }

    @Test(arguments: [
        ["campaign", "create"], ["campaign", "create", "x"],
        ["campaign", "create", "x", "--key", "k"], ["campaign", "start"], ["campaign", "watch"],
        ["campaign", "retry", "x"], ["campaign", "rollback", "x", "--wave", "0"],
        ["campaign", "show", "x", "--state", "failed"], ["campaign", "start", ""],
        ["campaign", "report", "x", "--format", "pdf"],
        ["campaign", "pause", "x", "--revision", "-1"],
    ])
    func `a campaign without what it needs is wrong usage`(words: [String]) async {
        #expect(await run(words).status == .usage)
    }

    @Test func `so many of so many is a share of a sample`() async throws {
        let rule = try CampaignPlan.StopRule.parsing("storeFull,tpmFailed>=3/10:slowDown")
        #expect(rule.failures == ["storeFull", "tpmFailed"])
        #expect(rule.percent == 30 && rule.sample == 10 && rule.reaction == "slowDown")
        #expect(try CampaignPlan.StopRule.parsing("any>=1/1000").percent == 1)
    }

    @Test func `a window may go over the end of the week`() throws {
        let window = try CampaignPlan.Window.parsing("fri-mon 22:00-24:00")
        #expect(window.days == ["mon", "fri", "sat", "sun"])
        #expect(try CampaignPlan.Window.parsing("daily 00:00-24:00").days.count == 7)
    }
}
