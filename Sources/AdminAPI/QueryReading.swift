internal import AdminModel
internal import Hummingbird

/// A request's query parameters, each of which must be known.
struct Query {
    private let values: [String: String]

    init(_ request: Request, allowing names: [String]) throws(AdminProblem) {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard names.contains(name) else {
                throw AdminProblem(
                    .malformed,
                    "unknown parameter \"\(name.shown)\": "
                        + (names.isEmpty
                            ? "this resource takes none"
                            : "want only " + names.joined(separator: ", ")),
                    details: [.init(field: name.shown, message: "unknown parameter")]
                )
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw AdminProblem(.malformed, "parameter \"\(name.shown)\" is given twice")
            }
        }
        self.values = values
    }

    func text(_ name: String) -> String? { values[name] }

    func time(_ name: String) throws(AdminProblem) -> Timestamp? {
        guard let text = values[name] else { return nil }
        guard let time = Timestamp(parsing: text) else {
            throw AdminProblem(
                .malformed,
                "parameter \"\(name)\" is \"\(text.shown)\": want a time like 2026-03-01T12:00:00Z",
                details: [.init(field: name, message: "want a time in UTC")]
            )
        }
        return time
    }

    func page() throws(AdminProblem) -> PageRequest {
        guard let text = values["limit"] else { return PageRequest(after: values["after"]) }
        guard let limit = Int(text), (1...PageRequest.largestLimit).contains(limit) else {
            throw AdminProblem(
                .malformed,
                "parameter \"limit\" is \"\(text.shown)\": want 1 to \(PageRequest.largestLimit)",
                details: [.init(field: "limit", message: "out of range")]
            )
        }
        return PageRequest(after: values["after"], limit: limit)
    }
}
