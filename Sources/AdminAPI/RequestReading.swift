internal import AdminModel
internal import FoundationEssentials
internal import Hummingbird
internal import NIOCore

/// Largest bodies, in bytes.
enum BodyLimit {
    /// A CSV file of devices: about 100,000 rows.
    static let deviceImport = 16 << 20
    /// Any JSON request.
    static let json = 64 << 10
}

extension Request {
    /// Reads the body as a JSON object with known fields only.
    func body<Body: AdminModel.RequestBody>(_ type: Body.Type) async throws -> Body {
        try decoded(type, from: try await bytes(atMost: BodyLimit.json))
    }

    /// The same where a request without a body says all that must be said.
    func optionalBody<Body: AdminModel.RequestBody>(_ type: Body.Type) async throws -> Body? {
        let bytes = try await bytes(atMost: BodyLimit.json)
        return bytes.isEmpty ? nil : try decoded(type, from: bytes)
    }

    private func decoded<Body: AdminModel.RequestBody>(
        _ type: Body.Type,
        from bytes: Data
    ) throws -> Body {
        let decoder = JSONDecoder()
        do {
            for field in try decoder.decode(FieldNames.self, from: bytes).names.sorted()
            where !type.fieldNames.contains(field) {
                throw AdminProblem(
                    .malformed,
                    "unknown field \"\(field.shown)\": want only "
                        + type.fieldNames.joined(separator: ", "),
                    details: [.init(field: field.shown, message: "unknown field")]
                )
            }
        } catch let error as DecodingError {
            throw AdminProblem(error)
        }
        do {
            let body = try decoder.decode(type, from: bytes)
            let sent = try decoder.decode(JSONShape.self, from: bytes)
            let read = try decoder.decode(JSONShape.self, from: try JSONEncoder().encode(body))
            guard let field = sent.fieldMissing(in: read) else { return body }
            throw AdminProblem(
                .malformed,
                "unknown field \"\(field.shown)\"",
                details: [.init(field: field.shown, message: "unknown field")]
            )
        } catch let error as DecodingError {
            // The decoder forgets in which field it met a number that does not fit.
            guard case .dataCorrupted(let context) = error, context.codingPath.isEmpty else {
                throw AdminProblem(error)
            }
            let shape = try? decoder.decode(JSONShape.self, from: bytes)
            let fields = shape?.misfits ?? []
            let field = fields.isEmpty ? "?" : fields.joined(separator: "\" or \"")
            throw AdminProblem(
                .malformed,
                "field \"\(field.shown)\": want a whole number, 0 to \(UInt32.max)",
                details: [.init(field: field.shown, message: "number out of range")]
            )
        }
    }

    /// Reads the body as UTF-8 text.
    func text(atMost limit: Int) async throws -> String {
        let bytes = try await bytes(atMost: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw AdminProblem(.malformed, "want text in UTF-8: save the file in that encoding")
        }
        return text
    }

    private func bytes(atMost limit: Int) async throws -> Data {
        // The length that the client announces is refused before a byte of it is read.
        if let announced = headers[.contentLength].flatMap({ Int($0) }), announced > limit {
            throw AdminProblem.tooLarge(announced, limit)
        }
        do {
            let buffer = try await body.collect(upTo: limit)
            return Data(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw AdminProblem.tooLarge(nil, limit)
        } catch {
            throw AdminProblem(.malformed, "the body ended early")
        }
    }
}

/// The names of a JSON object's fields, whatever their values.
private struct FieldNames: Decodable {
    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    let names: [String]

    init(from decoder: any Decoder) throws {
        names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
    }
}

extension AdminProblem {
    fileprivate static func tooLarge(_ found: Int?, _ limit: Int) -> AdminProblem {
        let found = found.map { ", this one has \($0)" } ?? ""
        return AdminProblem(.tooLarge, "this resource takes at most \(limit) bytes\(found)")
    }

    /// Says in words of JSON what the decoder did not like.
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            let field = context.path(with: key)
            self.init(
                .malformed,
                "field \"\(field)\" is missing",
                details: [.init(field: field, message: "missing")]
            )
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            let field = context.path(with: nil)
            let wanted = jsonName(of: type)
            let place = field.isEmpty ? "the body" : "field \"\(field)\""
            self.init(
                .malformed,
                "\(place) has the wrong type: want \(wanted)",
                details: field.isEmpty ? [] : [.init(field: field, message: "want \(wanted)")]
            )
        case .dataCorrupted(let context):
            let field = context.path(with: nil)
            guard !field.isEmpty else {
                self.init(.malformed, "the body is not JSON: want an object like {\"name\": …}")
                return
            }
            self.init(
                .malformed,
                "field \"\(field)\" has a value out of range",
                details: [.init(field: field, message: "out of range")]
            )
        @unknown default:
            self.init(.malformed, "the body can't be read")
        }
    }
}

extension DecodingError.Context {
    fileprivate func path(with last: (any CodingKey)?) -> String {
        (codingPath + (last.map { [$0] } ?? [])).map(\.stringValue).joined(separator: ".").shown
    }
}

extension String {
    /// A peer's text cut to what an error message should repeat of it.
    var shown: String { String(prefix(64).filter { !$0.isNewline }) }
}

private func jsonName(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is Int.Type, is UInt32.Type: "a whole number"
    default: "an object"
    }
}
