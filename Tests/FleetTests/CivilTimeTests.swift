import Testing

@testable import Fleet

@Suite struct CivilTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (2_177_452_799, "2038-12-31T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"), (253_402_300_800, "10000-01-01T00:00:00Z"),
        ] as [(Int64, String)]
    )
    func `moments are written as dates`(time: Int64, expected: String) {
        #expect(utc(time) == expected)
    }
}
