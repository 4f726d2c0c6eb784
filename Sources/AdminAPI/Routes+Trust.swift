internal import AdminModel
internal import Hummingbird

extension Routes {
    /// The fleet's policy, and what its devices trust.
    func trust(_ service: any TrustService) -> [Route] {
        [
            Route(
                "/v1/policy",
                (.get, read { _ in try await service.policy() }),
                (.post, create(status: .ok) { try await service.setPolicy($0, by: $1) })
            ),
            Route("/v1/anchors", (.get, read { _ in try await service.anchors() })),
            Route(
                "/v1/anchors/announce",
                (.post, order { try await service.announceAnchor(by: $0) })
            ),
            Route(
                "/v1/anchors/switch",
                (.post, create(status: .ok) { try await service.switchAnchor($0, by: $1) })
            ),
            Route(
                "/v1/anchors/stragglers",
                (.get, read(paged) { try await service.listStragglers($0.page()) })
            ),
        ]
    }

    /// A request without a body that changes the one thing that its path is about.
    private func order(
        _ body: @escaping @Sendable (AdminActor) async throws -> some Answer
    ) -> Route.Handler {
        { request, context in
            _ = try Query(request, allowing: [])
            return try .json(await body(context.actor))
        }
    }
}
