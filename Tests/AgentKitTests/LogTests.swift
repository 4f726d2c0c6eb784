import AgentKit
import Testing

@Suite struct LogTests {
    @Test(arguments: [
        ("plain", "plain"), ("", "\"\""), ("two words", "\"two words\""),
        ("a\"b\\c", "\"a\\\"b\\\\c\""), ("line\nbreak", "\"line break\""), ("a=b", "\"a=b\""),
        ("\u{1b}[31m", "\" [31m\""),
    ])
    func `a value can't break out of its line`(value: String, shown: String) {
        let lines = Lines()
        Log(to: lines.add)(.info, "said", ["text": value])
        #expect(lines.all == ["level=info msg=said text=\(shown)"])
    }

    @Test func `lines below the level are not written`() {
        let lines = Lines()
        let log = Log(from: .warning, to: lines.add)
        log(.info, "quiet")
        log(.error, "loud")
        #expect(lines.all == ["level=error msg=loud"])
    }
}
