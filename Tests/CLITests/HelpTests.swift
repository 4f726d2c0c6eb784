import LatchkeyCLI
import Testing

@Suite struct HelpTests {
    static let commands = [
        [], ["status"], ["group"], ["group", "create"], ["group", "list"], ["key-spec"],
        ["key-spec", "create"], ["key-spec", "list"], ["key-spec", "retire"], ["bundle"],
        ["bundle", "create"],
        ["bundle", "list"], ["bundle", "revoke"], ["device"], ["device", "import"],
        ["device", "list"], ["device", "show"], ["device", "retire"], ["device", "label"],
        ["device", "quarantine"], ["device", "reinstate"], ["key"], ["key", "rotate"],
        ["key", "suspend"], ["key", "resume"], ["key", "compromise"], ["key", "retire"],
        ["key", "destroy"], ["notices"], ["policy"], ["policy", "show"], ["policy", "set"],
        ["anchor"], ["anchor", "list"], ["anchor", "announce"], ["anchor", "switch"],
        ["anchor", "stragglers"],
        ["campaign"], ["campaign", "create"], ["campaign", "plan"], ["campaign", "start"],
        ["campaign", "watch"], ["campaign", "show"], ["campaign", "list"], ["campaign", "pause"],
        ["campaign", "resume"], ["campaign", "cancel"], ["campaign", "rollback"],
        ["campaign", "approve"], ["campaign", "retry"], ["campaign", "report"],
        ["audit"], ["audit", "list"], ["audit", "verify"],
    ]

    @Test(arguments: commands)
    func `help shows an example and the exit codes`(command: [String]) async {
        let outcome = await run(command + ["--help"])
        #expect(outcome.status == .done)
        #expect(outcome.output.contains("  latchkey "))
        #expect(outcome.output.contains("EXIT CODES"))
        for status in ExitReason.allCases { #expect(outcome.output.contains("\(status.rawValue)")) }
    }

    @Test func `the version and a completion script are there`() async {
        #expect(await run(["--version"]).output.hasPrefix("0."))
        #expect(
            await run(["--generate-completion-script", "bash"]).output.contains("_latchkey")
        )
    }
}
