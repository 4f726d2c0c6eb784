/// First in, first out, in constant time.
struct Line<Element> {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() {
        head += 1
        // What was passed over is given back once it is the larger half.
        guard head * 2 > elements.count else { return }
        elements.removeFirst(head)
        head = 0
    }

    /// Keeps those in the line that are `wanted`.
    mutating func keep(where wanted: (Element) -> Bool) {
        elements = elements[head...].filter(wanted)
        head = 0
    }
}
