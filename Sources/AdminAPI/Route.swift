internal import AdminModel
internal import HTTPTypes
internal import Hummingbird

/// One resource and what may be done with it.
struct Route {
    typealias Handler = @Sendable (Request, AdminContext) async throws -> Response

    let path: String
    let methods: [(HTTPRequest.Method, Handler)]

    init(_ path: String, _ methods: (HTTPRequest.Method, Handler)...) {
        self.path = path
        self.methods = methods
    }

    /// Adds the resource, and an answer to every method that it does not have.
    func add(to router: Router<AdminContext>) {
        for (method, handler) in methods {
            router.on(RouterPath(path), method: method, use: handler)
        }
        let allowed = methods.map { $0.0.rawValue }.joined(separator: ", ")
        for method in Self.standardMethods where !methods.contains(where: { $0.0 == method }) {
            router.on(RouterPath(path), method: method) { request, _ in
                var response = try AdminProblem(
                    .methodNotAllowed,
                    "\(request.uri.path) has no method \(request.method.rawValue): want \(allowed)"
                ).response
                response.headers[.allow] = allowed
                return response
            }
        }
    }

    private static let standardMethods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options,
    ]
}
