/// The generation of one named key on one device: 1, 2, 3 … never reused, never going back.
public struct Epoch: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The number, at least 1.
    public let number: UInt32

    /// The generation with which every key begins.
    public static let first = Epoch(checked: 1)

    /// Wraps a number from outside; nil for 0.
    public init?(_ number: UInt32) {
        guard number > 0 else { return nil }
        self.number = number
    }

    private init(checked number: UInt32) { self.number = number }

    /// The generation after this one; nil when 32 bits are used up.
    public var next: Epoch? { number == .max ? nil : Epoch(checked: number + 1) }

    /// The number as text.
    public var description: String { "\(number)" }

    /// Orders by number.
    public static func < (left: Epoch, right: Epoch) -> Bool { left.number < right.number }
}
