internal import AdminModel
internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Turns whatever a route throws into a problem document; the one place where errors become statuses.
struct ProblemMiddleware: RouterMiddleware {
    @concurrent func handle(
        _ request: Request,
        context: AdminContext,
        next: @concurrent (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as AdminProblem {
            return try problem.response
        } catch let error as HTTPError where error.status == .notFound {
            return try AdminProblem(
                .notFound,
                "no resource \(request.uri.path): see docs/openapi.yaml"
            ).response
        } catch let error as HTTPError where error.status == .contentTooLarge {
            return try AdminProblem(.tooLarge, "the body is larger than this resource takes")
                .response
        } catch {
            context.logger.error(
                "admin request failed",
                metadata: ["path": "\(request.uri.path)", "error": "\(error)"]
            )
            return try AdminProblem(.failed, "the server failed inside; its log says why").response
        }
    }
}

extension AdminProblem {
    var response: Response {
        get throws { try .json(self, status: code.status) }
    }
}

extension AdminProblem.Code {
    /// The HTTP status that says the same.
    var status: HTTPResponse.Status {
        switch self {
        case .malformed: .badRequest
        case .invalid: .unprocessableContent
        case .notPermitted: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict: .conflict
        case .tooLarge: .contentTooLarge
        case .busy: .serviceUnavailable
        case .storeFailed: .init(code: 507, reasonPhrase: "Insufficient Storage")
        default: .internalServerError
        }
    }
}
