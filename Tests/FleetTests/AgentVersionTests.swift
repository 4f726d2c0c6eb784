import Fleet
import Testing

@Suite struct AgentVersionTests {
    @Test func `versions sort by their numbers`() throws {
        let texts = [
            "0", "0.2", "0.2.9", "0.3-rc1", "0.3", "0.3.1", "0.10", "1.0.0-a", "1", "1.0.0.1",
        ]
        let versions = try texts.map { try #require(AgentVersion(parsing: $0)) }
        #expect(versions == versions.sorted())
        #expect(Set(versions).count == texts.count)
    }

    @Test(arguments: [
        ("0.3", "0.3.0"), ("1.2.3+build", "1.2.3"), ("1.2.3-a", "1.2.3-b"), ("99999", "32767"),
        ("1.2.3.4.5", "1.2.3.4"), ("01.02", "1.2"),
    ])
    func `versions are equal that differ in what does not count`(left: String, right: String) {
        #expect(AgentVersion(parsing: left) == AgentVersion(parsing: right))
    }

    @Test(arguments: ["", "v1", "latest", "-1", ".1", "\u{661}.2"])
    func `a text without a number is no version`(text: String) {
        #expect(AgentVersion(parsing: text) == nil)
    }

    @Test(arguments: ["0.3", "1", "1.0.4", "2.0.0.1", "0", "3.1-pre"])
    func `a version is written as it is read`(text: String) {
        #expect(AgentVersion(parsing: text)?.description == text)
    }
}
