internal import AdminModel
internal import FoundationEssentials

/// Largest plan that is read, in bytes.
private let largestPlan = 64 << 10

/// Reads a plan in JSON from a file, or from the input for `-`; every field must be one that a plan has.
func readPlan(_ file: String) throws -> CampaignPlan {
    let bytes = Data(try readFile(file, atMost: largestPlan))
    let decoder = JSONDecoder()
    do {
        let plan = try decoder.decode(CampaignPlan.self, from: bytes)
        let written = try decoder.decode(JSONShape.self, from: bytes)
        let read = try decoder.decode(JSONShape.self, from: try JSONEncoder().encode(plan))
        // A misspelt field would be dropped in silence, and what it says with it.
        guard let field = written.fieldMissing(in: read) else { return plan }
        throw Failure(.local, notAPlan(file, "there is no field \"\(field)\""))
    } catch let error as DecodingError {
        throw Failure(.local, notAPlan(file, reason(error)))
    }
}

private func notAPlan(_ file: String, _ reason: String) -> String {
    "\(file) is not a plan: \(reason). See the form with `latchkey campaign create NAME --key KEY "
        + "--where QUERY --rate 60/min --print`"
}

private func reason(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
        "field \"\((context.codingPath + [key]).path)\" is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .dataCorrupted(let context):
        context.codingPath.isEmpty
            ? "it is not JSON" : "field \"\(context.codingPath.path)\" can't be read"
    @unknown default: "it can't be read"
    }
}

extension [any CodingKey] {
    fileprivate var path: String { map(\.stringValue).joined(separator: ".") }
}
