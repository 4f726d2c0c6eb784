internal import AdminModel
internal import HTTPTypes
internal import Hummingbird

extension Routes {
    /// Changes of many devices, step by step.
    func campaigns(_ service: any CampaignService) -> [Route] {
        [
            Route(
                "/v1/campaigns",
                (
                    .get,
                    read(["state"] + paged) {
                        try await service.listCampaigns(state: $0.text("state"), $0.page())
                    }
                ),
                (.post, create { try await service.createCampaign($0, by: $1) })
            ),
            Route(
                "/v1/campaigns/{id}",
                (.get, look { id, _ in try await service.campaign(id) })
            ),
            Route(
                "/v1/campaigns/{id}/plan",
                (.post, look { id, _ in try await service.forecast(of: id) })
            ),
            Route(
                "/v1/campaigns/{id}/members",
                (
                    .get,
                    look(["state"] + paged) {
                        try await service.listMembers(of: $0, state: $1.text("state"), $1.page())
                    }
                )
            ),
            Route(
                "/v1/campaigns/{id}/report",
                (.get, look { id, _ in try await service.report(on: id) })
            ),
        ] + orders(service)
    }

    private func orders(_ service: any CampaignService) -> [Route] {
        [
            Route(
                "/v1/campaigns/{id}/start",
                (.post, command([]) { try await service.startCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/approve",
                (.post, command([]) { try await service.approveCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/pause",
                (.post, command([]) { try await service.pauseCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/resume",
                (.post, command([]) { try await service.resumeCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/cancel",
                (.post, command([]) { try await service.cancelCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/rollback",
                (.post, command(["wave"]) { try await service.rollBackCampaign($0, $1, by: $2) })
            ),
            Route(
                "/v1/campaigns/{id}/retry",
                (.post, command(["failures"]) { try await service.retryCampaign($0, $1, by: $2) })
            ),
        ]
    }

    /// A request about the thing in its path that changes nothing.
    private func look(
        _ parameters: [String] = [],
        _ body: @escaping @Sendable (String, Query) async throws -> some Answer
    ) -> Route.Handler {
        { request, context in
            let query = try Query(request, allowing: parameters)
            return try .json(await body(context.parameters.require("id"), query))
        }
    }

    /// An order to the campaign in its path; a body is taken, and not needed.
    private func command(
        _ fields: [String],
        _ body: @escaping @Sendable (String, CampaignOrder, AdminActor) async throws -> Campaign
    ) -> Route.Handler {
        { request, context in
            _ = try Query(request, allowing: [])
            let order = try await request.optionalBody(CampaignOrder.self) ?? CampaignOrder()
            // A field that belongs to another order would be dropped in silence.
            for (field, isGiven) in [
                ("wave", order.wave != nil), ("failures", order.failures != nil),
            ]
            where isGiven && !fields.contains(field) {
                throw AdminProblem(
                    .malformed,
                    "unknown field \"\(field)\": want only "
                        + (["revision"] + fields).joined(separator: ", "),
                    details: [.init(field: field, message: "unknown field")]
                )
            }
            return try .json(
                await body(context.parameters.require("id"), order, context.actor),
                status: .accepted
            )
        }
    }
}
