/// The eight major types of RFC 8949 § 3.1.
public enum CBORMajorType: UInt8, Sendable {
    case unsigned = 0
    case negative = 1
    case bytes = 2
    case text = 3
    case array = 4
    case map = 5
    case tag = 6
    case simple = 7
}

/// The first byte of an item and the argument that follows it, in the shortest form.
struct CBORHead {
    let major: CBORMajorType
    let argument: UInt64

    /// How many bytes the shortest encoding of this head takes: 1, 2, 3, 5 or 9.
    static func size(of argument: UInt64) -> Int {
        switch argument {
        case 0..<24: 1
        case 24...0xff: 2
        case 0x100...0xffff: 3
        case 0x1_0000...0xffff_ffff: 5
        default: 9
        }
    }
}
