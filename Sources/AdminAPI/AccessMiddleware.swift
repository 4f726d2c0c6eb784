internal import AdminModel
internal import Hummingbird
internal import Logging
internal import NIOCore

/// Lets only permitted accounts through, and names them for the audit log.
struct AccessMiddleware: RouterMiddleware {
    let policy: AccessPolicy
    let identify: @Sendable (any Channel) async throws -> PeerCredentials

    @concurrent func handle(
        _ request: Request,
        context: AdminContext,
        next: @concurrent (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        let peer = try await identify(context.channel)
        guard policy.permits(peer) else {
            context.logger.warning(
                "admin request refused",
                metadata: ["uid": "\(peer.uid)", "path": "\(request.uri.path)"]
            )
            throw AdminProblem(
                .notPermitted,
                "\(peer.accountName ?? "uid \(peer.uid)") may not administer this server: ask for "
                    + "membership of its admin group, or run the command as root"
            )
        }
        var context = context
        context.actor = peer.actor
        return try await next(request, context)
    }
}
