import Testing

@testable import LatchkeyCLI

@Suite struct TimeArgumentTests {
    @Test(
        arguments: [
            ("0s", 0), ("90s", 90), ("15m", 900), ("1h", 3_600), ("30d", 2_592_000),
        ] as [(String, UInt32)]
    )
    func `a length of time is read`(text: String, seconds: UInt32) {
        #expect(TimeSpan(argument: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "h", "90", "1.5h", "-1h", "1w", "1h30m", " 1h", "1 h", "99999999999d", "50000d", "٣h",
    ])
    func `anything else is none`(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test func `a length of time is shown in its largest whole unit`() {
        #expect(
            [0, 59, 60, 90, 3_600, 5_400, 86_400].map(span) == [
                "0s", "59s", "1m", "90s", "1h", "90m", "1d",
            ]
        )
    }

    @Test func `text in a URL keeps only what means nothing there`() {
        #expect(escaped("lamp-1.a_b~c") == "lamp-1.a_b~c")
        #expect(escaped("/a?b=c&d#e%ä") == "%2Fa%3Fb%3Dc%26d%23e%25%C3%A4")
    }
}
