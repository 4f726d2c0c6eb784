/// A part of a list, in the list's order.
public struct Page<Item: Codable & Sendable>: Codable, Sendable {
    /// The items of this part.
    public var items: [Item]
    /// What to give as `after` to get the next part; nil when this was the last.
    public var next: String?

    /// States both.
    public init(items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}

/// Which part of a list is wanted.
public struct PageRequest: Hashable, Sendable {
    /// Items in a part when nothing is said.
    public static let defaultLimit = 100
    /// Most items that a part may have.
    public static let largestLimit = 1_000

    /// The `next` of the part before; nil for the first part.
    public var after: String?
    /// Most items wanted, 1 to `largestLimit`.
    public var limit: Int

    /// States both.
    public init(after: String? = nil, limit: Int = PageRequest.defaultLimit) {
        self.after = after
        self.limit = limit
    }
}
