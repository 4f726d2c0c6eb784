import Fleet
import KeyExchange
import Testing

@Suite struct QueryTests {
    private static let now: Int64 = 100_000_000

    private func facts() throws -> DeviceFacts {
        DeviceFacts(
            id: try DeviceID(parsing: "lamp-1"),
            group: try GroupName(parsing: "lamps"),
            state: .enrolled,
            store: .tpm,
            level: .hardware,
            agentVersion: "0.3.1",
            createdAt: Self.now - 10 * 86_400,
            lastSeen: Self.now - 3600,
            now: Self.now,
            labels: ["floor": "3", "room": "north wing", "canary": "yes"],
            keys: [
                .init(
                    name: try Story.name("signing"),
                    epoch: try Story.epoch(3),
                    createdAt: Self.now - 91 * 86_400
                )
            ],
            anchor: 2
        )
    }

    /// Registered, and never heard.
    private func stranger() throws -> DeviceFacts {
        DeviceFacts(
            id: try DeviceID(parsing: "lamp-2"),
            group: try GroupName(parsing: "lamps"),
            state: .registered,
            createdAt: Self.now,
            now: Self.now
        )
    }

    private func fault(_ text: String) -> QueryError? {
        do throws(QueryError) {
            _ = try Query(parsing: text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "all", "id=lamp-1", "group = lamps", "group in (doors, lamps)", "not group=doors",
        "state=enrolled", "state != retired", "store=tpm", "level>=credential",
        "level in (hardware)",
        "agent > 0.3", "agent=0.3.1.0", "agent < 0.10", "agent in (0.2, 0.3.1)", "created>9d",
        "seen < 7d", "seen<=3600s", "seen >= 60m", "label.floor in (3,4)", "label.floor=\"3\"",
        "label.room=\"north wing\"", "label.canary != no", "key=signing", "key != other",
        "age.signing > 90d", "epoch.signing < 4", "epoch.signing in (1,3)", "anchor=2",
        "has label.floor", "has key.signing and has seen", "not has label.none",
        "group=doors or label.floor=3", "not (group=doors and label.floor=3)",
        "group=lamps and label.floor in (3,4) and not label.canary=no and age.signing > 90d "
            + "and seen < 7d and agent < 0.4 and store=tpm and key=signing and epoch.signing < 4",
        "GROUP=lamps or AND=x or group=lamps",
    ])
    func `a lamp on the third floor is found`(text: String) throws {
        guard text.hasPrefix("GROUP") else {
            let query = try Query(parsing: text)
            #expect(query.matches(try facts()))
            return
        }
        // Fields are lower case; keywords are not fields.
        #expect(fault(text)?.column == 1)
    }

    @Test(arguments: [
        "id=lamp-2", "group=doors", "state=retired", "store=file", "level < hardware",
        "agent < 0.3",
        "agent > 0.3.1", "created > 10d", "created < 10d", "seen > 1h", "label.floor=4",
        "label.floor not in (3, 4)", "label.canary != yes", "key=other", "age.signing<91d",
        "age.other > 1s", "epoch.signing > 3", "epoch.other < 9", "anchor != 2", "has label.none",
        "has key.other", "not all", "label.none = x", "group=lamps and store=file",
    ])
    func `a lamp on the third floor is not found`(text: String) throws {
        #expect(try !Query(parsing: text).matches(facts()))
    }

    @Test(arguments: [
        "seen < 7d", "seen >= 0s", "agent < 9", "agent >= 0", "store = tpm", "level >= software",
        "label.floor = 3", "age.signing > 0s", "epoch.signing >= 0", "anchor >= 0", "has seen",
        "has agent", "has store", "has level", "has anchor",
    ])
    func `what is not known of a device fits no comparison, but the opposite`(
        text: String
    ) throws {
        #expect(try !Query(parsing: text).matches(stranger()))
        #expect(try Query(parsing: "not \(text)").matches(stranger()))
    }

    @Test(arguments: ["store != tpm", "label.floor != 3", "agent != 1", "anchor != 1"])
    func `unequal is the opposite of equal, also for what is not known`(text: String) throws {
        #expect(try Query(parsing: text).matches(stranger()))
    }

    @Test func `a moment still to come has a negative age`() throws {
        var lamp = try facts()
        lamp.lastSeen = Self.now + 50
        #expect(try Query(parsing: "seen < 1s").matches(lamp))
        #expect(try !Query(parsing: "seen > 0s").matches(lamp))
        lamp.lastSeen = .min
        #expect(try Query(parsing: "seen > 36525d").matches(lamp))
        lamp.lastSeen = .max
        lamp.now = .min
        #expect(try Query(parsing: "seen < 0s").matches(lamp))
    }

    @Test func `labels are compared by bytes, not by how they look`() throws {
        var lamp = try facts()
        lamp.labels["room"] = "caf\u{e9}"
        #expect(try Query(parsing: "label.room=\"caf\u{e9}\"").matches(lamp))
        #expect(try !Query(parsing: "label.room=\"cafe\u{301}\"").matches(lamp))
    }

    @Test(arguments: [
        ("", 1), ("   ", 4), ("group", 6), ("group lamps", 7), ("group=", 7),
        ("group=lamps and", 16),
        ("group=lamps group=doors", 13), ("(group=lamps", 13), ("group=lamps)", 12),
        ("group in lamps", 10), ("group in ()", 11), ("group in (a,)", 13), ("group in (a b)", 13),
        ("not", 4), ("group=and", 7), ("and", 1), ("group < lamps", 7), ("group=Lamps", 7),
        ("seen = 7d", 6), ("seen < 7", 8), ("seen < 7y", 8), ("seen < d", 8), ("seen < 36526d", 8),
        ("seen < 99999999999d", 8), ("seen in (1d)", 6), ("age. > 1d", 5), ("age.Door > 1d", 5),
        ("epoch.door = -1", 14), ("epoch.door = 4294967296", 14), ("epoch.door = x", 14),
        ("agent = new", 9), ("level = strong", 9), ("store = hsm", 9), ("state = dead", 9),
        ("label. = 3", 7), ("label.a\u{e9} = 3", 8), ("label.x = \"abc", 11),
        ("label.x = \"a\\n\"", 13), ("label.x = \"a\u{1b}\"", 13), ("group=lamps & store=tpm", 13),
        ("group=lamps; drop table device", 12), ("group='lamps'", 7), ("has id", 5), ("has", 4),
        ("has age.door", 5), ("key.door = 1", 10), ("x=1", 1), ("group not lamps", 11),
        ("group=lamps\u{0}", 12), ("group=lamps\u{202e}", 12), ("a.b.c = 1", 1),
        ("group == lamps", 8),
    ])
    func `a bad query is refused where it is bad`(text: String, column: Int) {
        #expect(fault(text)?.column == column, "\(fault(text)?.description ?? "was taken")")
    }

    @Test(arguments: [
        ("gruop=lamps", "group"), ("lable.floor=3", "label.floor"), ("stor=tpm", "store"),
        ("labels.floor=3", "label.floor"), ("agents<1", "agent"), ("epochs.door<1", "epoch.door"),
        ("Seen<1d", "seen"), ("idd=lamp", "id"),
    ])
    func `a misspelt field is guessed`(text: String, meant: String) throws {
        let reason = try #require(fault(text)).reason
        #expect(reason.contains("did you mean \"\(meant)\""), "\(reason)")
    }

    @Test func `a field without its name says how it is written`() throws {
        #expect(try #require(fault("label=3")).reason.contains("label.NAME"))
    }

    @Test func `nothing that steers a terminal is shown`() throws {
        let error = try #require(fault("group=\u{1b}[2J"))
        #expect(!error.description.unicodeScalars.contains("\u{1b}"))
    }

    @Test func `length, depth and terms have a limit`() throws {
        #expect(fault(String(repeating: " ", count: 1025)) != nil)
        let parentheses = { (count: Int) in
            String(repeating: "(", count: count) + "all" + String(repeating: ")", count: count)
        }
        #expect(fault(parentheses(16)) == nil)
        #expect(fault(parentheses(17)) != nil)
        #expect(fault(String(repeating: "not ", count: 17) + "all") != nil)
        let values = { (count: Int) in
            "label.x in (" + (0..<count).map { "\($0)" }.joined(separator: ",") + ")"
        }
        #expect(fault(values(64)) == nil)
        #expect(fault(values(65)) != nil)
        #expect(fault("label.x=" + String(repeating: "y", count: 257)) != nil)
    }

    @Test func `a query that would not fit when written out in full is refused`() throws {
        // Each condition grows by two blanks.
        let tight = (0..<50).map { "id=lamp\(100 + $0)" }.joined(separator: " or ")
        #expect(fault(tight) == nil)
        let long = (0..<64).map { "id=lamp\(100 + $0)x" }.joined(separator: " or ")
        #expect(long.utf8.count <= Query.maximumLength)
        #expect(fault(long)?.reason.hasPrefix("written out in full") == true)
    }

    @Test(arguments: [
        ("ALL", "all"), ("group=a AND NOT group=b", "group = a and group != b"),
        ("not not has seen", "has seen"), ("not seen<7d", "not seen < 7d"),
        ("((group=a) and (group=b and group=c))", "group = a and group = b and group = c"),
        ("group=a or group=b and group=c", "group = a or group = b and group = c"),
        ("(group=a or group=b) and group=c", "(group = a or group = b) and group = c"),
        ("seen<48h", "seen < 2d"), ("seen<90m", "seen < 90m"), ("seen<0w", "seen < 0s"),
        ("seen<2w", "seen < 14d"), ("agent<01.2.0", "agent < 1.2"),
        ("label.a=\"in\"", "label.a = \"in\""),
        ("label.a=\"x y\"", "label.a = \"x y\""), ("label.a=\"\"", "label.a = \"\""),
        ("label.a=\"q\\\"\\\\\"", "label.a = \"q\\\"\\\\\""),
        ("group in (a,b,a)", "group in (a, b)"),
        ("group not in (a,b)", "group not in (a, b)"), ("group in (a)", "group = a"),
        ("id=\"all\"", "id = \"all\""),
    ])
    func `a query has one form`(text: String, canonical: String) throws {
        let query = try Query(parsing: text)
        #expect(query.description == canonical)
        #expect(try Query(parsing: canonical) == query)
    }

    @Test(arguments: ["", "Floor", "a b", "\u{e9}", String(repeating: "a", count: 65), "a\u{1b}"])
    func `a label that no query could name is refused`(name: String) {
        #expect(throws: FleetError.self) { try LabelRule.check(name: name, value: "x") }
        #expect(fault("label.\(name)=x") != nil)
    }

    @Test(arguments: ["a\nb", "a\u{1b}[2J", "\u{202e}x", String(repeating: "x", count: 257)])
    func `a value that no query could hold is refused`(value: String) {
        #expect(throws: FleetError.self) { try LabelRule.check(name: "floor", value: value) }
        #expect(fault("label.floor=\"\(value)\"") != nil)
    }

    @Test(arguments: ["", "3", "north wing", "in", "\"q\"", "a\\b", "\u{1F600}", "caf\u{e9}"])
    func `a label that may be written can be asked for`(value: String) throws {
        try LabelRule.check(name: "room.2_a-b", value: value)
        var lamp = try facts()
        lamp.labels["room.2_a-b"] = value
        let quoted = value.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
        let query = try Query(parsing: "label.room.2_a-b = \"\(quoted)\"")
        #expect(query.matches(lamp))
        #expect(try Query(parsing: query.description) == query)
    }

    @Test func `random queries mean the same after being written and read`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let (lamp, stranger) = (try facts(), try stranger())
        var (read, found) = (0, 0)
        for _ in 0..<3000 {
            let text = RandomQuery.text(depth: 4, &random)
            let query: Query
            do throws(QueryError) { query = try Query(parsing: text) } catch { continue }
            read += 1
            let again = try Query(parsing: query.description)
            #expect(again == query, "seed \(seed): \(text)")
            #expect(again.matches(lamp) == query.matches(lamp), "seed \(seed): \(text)")
            let opposite = try? Query(parsing: "not (\(text))")
            #expect(opposite?.matches(stranger) != query.matches(stranger), "seed \(seed): \(text)")
            if query.matches(lamp) { found += 1 }
        }
        #expect(read > 2000 && found > 100 && found < read, "seed \(seed)")
    }

    @Test func `garbage is refused, and never traps`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "group", "=", "(", ")", ",", "in", "not", "and", "or", "all", "has", "label.x", "\"",
            "\\",
            "age.door", "<", "!=", "7d", "lamps", " ", "\u{1F600}", "\u{0}", "9999999999999999999",
        ]
        for _ in 0..<5000 {
            let text = (0..<Int.random(in: 0...20, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined(separator: " ")
            if let query = try? Query(parsing: text) {
                #expect((try? Query(parsing: query.description)) == query, "seed \(seed): \(text)")
            }
        }
    }
}
