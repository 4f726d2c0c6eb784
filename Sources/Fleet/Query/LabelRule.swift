/// What a label may be called and hold: whatever can be written, a query can ask for.
public enum LabelRule {
    /// Bytes of a label's name.
    public static let maximumName = 64
    /// Bytes of a label's value; it may be empty.
    public static let maximumValue = 256

    /// Refuses a label that no query could name.
    public static func check(name: String, value: String) throws(FleetError) {
        guard isName(name) else {
            throw FleetError(
                "bad label \"\(shown(name))\": want 1 to \(maximumName) of a-z, 0-9, '-', '_' and '.'"
            )
        }
        guard value.utf8.count <= maximumValue else {
            throw FleetError(
                "label \(name): want a value of at most \(maximumValue) bytes, "
                    + "have \(value.utf8.count)"
            )
        }
        guard value.unicodeScalars.allSatisfy(QueryLexer.isShowable) else {
            throw FleetError("label \(name): want no control characters in a value")
        }
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        (1...maximumName).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func shown(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(80).filter(QueryLexer.isShowable))
        )
    }
}
