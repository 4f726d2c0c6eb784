import AdminModel
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_772_366_399, "2026-03-01T11:59:59Z"), (-1, "1969-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)]
    )
    func `seconds and ISO 8601 are the same moment`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).description == text)
        #expect(Timestamp(parsing: text)?.seconds == seconds)
    }

    @Test func `a day is its midnight, and a fraction is dropped`() {
        #expect(Timestamp(parsing: "2026-03-01")?.description == "2026-03-01T00:00:00Z")
        #expect(
            Timestamp(parsing: "2026-03-01T12:00:00.999Z")?.description == "2026-03-01T12:00:00Z"
        )
    }

    @Test(arguments: [
        "", "now", "2026", "2026-3-1", "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00",
        "2026-03-01T", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:00",
        "2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00.Z", "2026-03-01 12:00:00Z",
        "2026-03-01T12:00:00Zz", "-026-03-01", "２026-03-01",
    ])
    func `anything else is no moment`(text: String) {
        #expect(Timestamp(parsing: text) == nil)
    }
}
