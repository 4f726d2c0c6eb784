/// Which fields a JSON document has, whatever their values.
package enum JSONShape: Decodable {
    case object([String: JSONShape])
    case array([JSONShape])
    case null
    case number(Double)
    case scalar

    /// Reads any document.
    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            var fields: [String: JSONShape] = [:]
            for key in container.allKeys {
                fields[key.stringValue] = try container.decode(JSONShape.self, forKey: key)
            }
            self = .object(fields)
        } else if var container = try? decoder.unkeyedContainer() {
            var items: [JSONShape] = []
            while !container.isAtEnd { items.append(try container.decode(JSONShape.self)) }
            self = .array(items)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .scalar
            }
        }
    }

    /// The path of a field that `understood` does not have; nil when all were read.
    ///
    /// A value is compared with what it would be written as again: what its type has no room for is
    /// missing there.
    package func fieldMissing(in understood: JSONShape) -> String? {
        switch (self, understood) {
        case (.object(let sent), .object(let read)):
            for (name, value) in sent.sorted(by: { $0.key < $1.key }) {
                guard let counterpart = read[name] else {
                    if case .null = value { continue }
                    return name
                }
                if let path = value.fieldMissing(in: counterpart) { return "\(name).\(path)" }
            }
        case (.array(let sent), .array(let read)):
            for (index, pair) in zip(sent, read).enumerated() {
                if let path = pair.0.fieldMissing(in: pair.1) { return "\(index).\(path)" }
            }
        default: break
        }
        return nil
    }

    /// The paths of numbers that are not whole, or too large for most fields.
    package var misfits: [String] {
        func below(_ name: String, _ shape: JSONShape) -> [String] {
            if case .number(let value) = shape {
                return UInt32(exactly: value) == nil ? [name] : []
            }
            return shape.misfits.map { "\(name).\($0)" }
        }
        switch self {
        case .object(let fields):
            return fields.sorted { $0.key < $1.key }.flatMap { below($0.key, $0.value) }
        case .array(let items):
            return items.enumerated().flatMap { below("\($0.offset)", $0.element) }
        case .null, .number, .scalar: return []
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
