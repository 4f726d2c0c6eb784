internal import AdminModel
internal import HTTPTypes
internal import Hummingbird

/// A value that a route can answer with.
typealias Answer = Encodable & SendableMetatype

/// The resources of version 1; `docs/openapi.yaml` describes them.
struct Routes {
    let service: any AdminService

    var all: [Route] {
        general + sets + bundles + devices + audit
            + care(service) + keys(service) + trust(service) + campaigns(service)
    }

    private var general: [Route] {
        [
            Route("/v1/health", (.get, read { _ in Health() })),
            Route("/v1/status", (.get, read { _ in try await service.status() })),
            Route(
                "/v1/metrics",
                (
                    .get,
                    { request, _ in
                        _ = try Query(request, allowing: [])
                        return .text(
                            Metric.exposition(of: await service.metrics()),
                            type: "text/plain; version=0.0.4; charset=utf-8"
                        )
                    }
                )
            ),
        ]
    }

    private var sets: [Route] {
        [
            Route(
                "/v1/groups",
                (.get, read(paged) { try await service.listGroups($0.page()) }),
                (.post, create { try await service.createGroup($0, by: $1) })
            ),
            Route(
                "/v1/key-specs",
                (
                    .get,
                    read(["group"] + paged) {
                        try await service.listKeySpecs(group: $0.text("group"), $0.page())
                    }
                ),
                (.post, create { try await service.createKeySpec($0, by: $1) })
            ),
        ]
    }

    private var bundles: [Route] {
        [
            Route(
                "/v1/bundles",
                (.get, read(paged) { try await service.listBundles($0.page()) }),
                (.post, create { try await service.createBundle($0, by: $1) })
            ),
            Route(
                "/v1/bundles/{id}/revoke",
                (.post, act { try await service.revokeBundle($0, by: $1) })
            ),
        ]
    }

    private var devices: [Route] {
        [
            Route(
                "/v1/devices",
                (
                    .get,
                    read(filters + paged) {
                        try await service.listDevices(DeviceFilter($0), $0.page())
                    }
                )
            ),
            Route(
                "/v1/devices/import",
                (
                    .post,
                    { request, context in
                        _ = try Query(request, allowing: [])
                        let csv = try await request.text(atMost: BodyLimit.deviceImport)
                        return try .json(
                            await service.importDevices(csv: csv, by: context.actor),
                            status: .created
                        )
                    }
                )
            ),
            Route(
                "/v1/devices/{id}",
                (
                    .get,
                    { request, context in
                        _ = try Query(request, allowing: [])
                        return try .json(
                            await service.device(context.parameters.require("id"))
                        )
                    }
                )
            ),
            Route(
                "/v1/devices/{id}/retire",
                (.post, act { try await service.retireDevice($0, by: $1) })
            ),
            Route(
                "/v1/rotations",
                (
                    .get,
                    read(["device"] + filters.filter { $0 != "state" } + ["key"]) {
                        try await service.progress(
                            of: KeySelection(
                                device: $0.text("device"),
                                group: $0.text("group"),
                                query: $0.text("where"),
                                key: $0.text("key")
                            )
                        )
                    }
                ),
                (
                    .post,
                    create(status: .accepted) { try await service.rotate($0, by: $1) }
                )
            ),
        ]
    }

    private var audit: [Route] {
        [
            Route(
                "/v1/audit",
                (
                    .get,
                    read(["device", "kind", "since", "until"] + paged) {
                        try await service.listAudit(
                            AuditFilter(
                                device: $0.text("device"),
                                kind: $0.text("kind"),
                                since: $0.time("since"),
                                until: $0.time("until")
                            ),
                            $0.page()
                        )
                    }
                )
            ),
            Route(
                "/v1/audit/verify",
                (
                    .post,
                    { request, _ in
                        _ = try Query(request, allowing: [])
                        return try .json(await service.verifyAudit())
                    }
                )
            ),
        ]
    }

    /// What tells devices from each other.
    private var filters: [String] { ["group", "state", "where"] }

    var paged: [String] { ["after", "limit"] }

    /// A request that only looks.
    func read(
        _ parameters: [String] = [],
        _ body: @escaping @Sendable (Query) async throws -> some Answer
    ) -> Route.Handler {
        { request, _ in try .json(await body(Query(request, allowing: parameters))) }
    }

    /// A request with a JSON object that makes something.
    func create<Body: AdminModel.RequestBody>(
        status: HTTPResponse.Status = .created,
        _ body: @escaping @Sendable (Body, AdminActor) async throws -> some Answer
    ) -> Route.Handler {
        { request, context in
            _ = try Query(request, allowing: [])
            let content = try await request.body(Body.self)
            return try .json(await body(content, context.actor), status: status)
        }
    }

    /// A request without a body that changes the thing in its path.
    func act(
        _ body: @escaping @Sendable (String, AdminActor) async throws -> some Answer
    ) -> Route.Handler {
        { request, context in
            _ = try Query(request, allowing: [])
            return try .json(await body(context.parameters.require("id"), context.actor))
        }
    }
}
