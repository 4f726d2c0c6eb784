internal import AdminModel
internal import Hummingbird

extension Routes {
    /// Notices, and the life of keys.
    func keys(_ service: any KeyLifeService) -> [Route] {
        [
            Route(
                "/v1/notices",
                (
                    .get,
                    read(["kind"] + paged) {
                        try await service.listNotices(kind: $0.text("kind"), $0.page())
                    }
                )
            ),
            Route(
                "/v1/notices/dismiss",
                (.post, create(status: .ok) { try await service.dismissNotice($0, by: $1) })
            ),
            Route(
                "/v1/keys/suspend",
                (.post, create(status: .accepted) { try await service.suspendKeys($0, by: $1) })
            ),
            Route(
                "/v1/keys/resume",
                (.post, create(status: .accepted) { try await service.resumeKeys($0, by: $1) })
            ),
            Route(
                "/v1/keys/compromise",
                (.post, create(status: .accepted) { try await service.compromiseKeys($0, by: $1) })
            ),
            Route(
                "/v1/keys/retire",
                (.post, create(status: .accepted) { try await service.retireKeys($0, by: $1) })
            ),
            Route(
                "/v1/keys/destroy",
                (.post, create(status: .accepted) { try await service.destroyKeys($0, by: $1) })
            ),
        ]
    }
}
