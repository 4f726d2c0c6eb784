/// What happened, line by line: a digest of everything, and the last lines as text.
struct Trace {
    /// One line.
    struct Line {
        let time: Int64
        let device: Int?
        let text: String
    }

    /// Enough to tell what led to a violation.
    private static let remembered = 4000

    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    private(set) var count = 0
    private var lines: [Line] = []
    private let echo: (@Sendable (String) -> Void)?

    /// `echo` gets each line at once.
    init(echo: (@Sendable (String) -> Void)?) { self.echo = echo }

    mutating func add(_ time: Int64, _ device: Int?, _ text: String) {
        count += 1
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        digest = (digest ^ UInt64(bitPattern: time)) &* 0x100_0000_01b3
        let line = Line(time: time, device: device, text: text)
        echo?(Self.text(line))
        lines.append(line)
        if lines.count >= 2 * Self.remembered { lines.removeFirst(Self.remembered) }
    }

    /// The last lines about a device and about what concerns all of them.
    func story(of device: Int?, limit: Int) -> [String] {
        let told = lines.filter { $0.device == nil || device == nil || $0.device == device }
        return told.suffix(limit).map { Self.text($0) }
    }

    private static func text(_ line: Line) -> String {
        let (days, rest) = line.time.quotientAndRemainder(dividingBy: 86_400_000)
        let seconds = rest / 1000
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let thousandths = "\(1000 + rest % 1000)".dropFirst()
        let clock = "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
        let who = line.device.map { "lamp-\($0)  " } ?? "server  "
        return "day \(days) \(clock).\(thousandths)  \(who)\(line.text)"
    }
}
