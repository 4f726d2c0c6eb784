import AdminAPI
import AdminHarness
import AdminModel
import Testing

@Suite struct GoodRequestTests {
    @Test func `a group that was made is listed`() async throws {
        try await withServer { server in
            let made = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            #expect(made.status == 201)
            #expect(try made.decoded(Group.self).name == "hall")
            let list = try await server.get("/v1/groups").decoded(Page<Group>.self)
            #expect(list.items.map(\.name) == ["hall"])
        }
    }

    @Test func `the audit log names the account behind the socket`() async throws {
        try await withServer(peer: PeerCredentials(uid: 0, gid: 0)) { server in
            _ = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            #expect(server.service.now.audit.map(\.actor) == ["uid:root"])
        }
    }

    @Test func `the kernel tells the server's own account`() async throws {
        try await withServer { server in
            let answer1 = try await server.get("/v1/health")
            #expect(answer1.text == "{\"status\":\"ok\"}\n")
        }
    }

    @Test func `a list comes in parts that do not overlap`() async throws {
        try await withServer { server in
            server.service.stage { state in
                for number in 100..<105 {
                    state.add("lamp-\(number)", group: "hall", in: "enrolled")
                }
            }
            var seen: [String] = []
            var after: String?
            repeat {
                let target = "/v1/devices?limit=2" + (after.map { "&after=\($0)" } ?? "")
                let page = try await server.get(target).decoded(Page<Device>.self)
                #expect(page.items.count <= 2)
                seen += page.items.map(\.id)
                after = page.next
            } while after != nil
            #expect(seen == (100..<105).map { "lamp-\($0)" })
        }
    }

    @Test func `a bundle's text is in the answer to its creation and nowhere else`() async throws {
        try await withServer { server in
            _ = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            let made = try await server.post("/v1/bundles", #"{"group":"hall","uses":3}"#)
            #expect(made.status == 201)
            #expect(made.headers["cache-control"] == "no-store")
            let bundle = try made.decoded(CreatedBundle.self)
            #expect(bundle.text.hasPrefix("latchkey-bundle-1:"))
            let list = try await server.get("/v1/bundles")
            #expect(!list.text.contains("latchkey-bundle-1:"))
            let revoked = try await server.post("/v1/bundles/\(bundle.id!)/revoke")
            #expect(try revoked.decoded(BundleRecord.self).state == "revoked")
        }
    }

    @Test func `an import takes the CSV as it is, past the limit of other requests`() async throws {
        try await withServer { server in
            let rows = (0..<20_000).map { "lamp-\($0),hall,00" }.joined(separator: "\n")
            let answer = try await server.post(
                "/v1/devices/import",
                "name,group,public_key\n" + rows
            )
            #expect(answer.status == 201)
            #expect(try answer.decoded(ImportResult.self).imported == 20_000)
        }
    }

    @Test func `a rotation is accepted and then followed`() async throws {
        try await withServer { server in
            server.service.stage {
                let key = DeviceKey(
                    name: "data",
                    epoch: 1,
                    state: "active",
                    algorithm: "aes-256",
                    thumbprint: "00"
                )
                $0.add("lamp", group: "hall", in: "enrolled", keys: [key])
            }
            let start = try await server.post("/v1/rotations", #"{"device":"lamp","key":"data"}"#)
            #expect(start.status == 202)
            let progress = try await server.get("/v1/rotations?device=lamp&key=data")
            #expect(try progress.decoded(RotationProgress.self).waiting == 1)
        }
    }

    @Test func `metrics come as text that Prometheus reads`() async throws {
        let metrics = [
            Metric(
                "latchkey_sessions_total",
                help: "Sessions that ended.",
                kind: .counter,
                samples: [
                    .init(3, labels: ["result": "settled"]),
                    .init(1.5, labels: ["result": "od\"d"]),
                ]
            )
        ]
        try await withServer { server in
            server.service.stage { $0.metrics = metrics }
            let answer = try await server.get("/v1/metrics")
            #expect(answer.headers["content-type"]?.hasPrefix("text/plain") == true)
            #expect(
                answer.text == """
                    # HELP latchkey_sessions_total Sessions that ended.
                    # TYPE latchkey_sessions_total counter
                    latchkey_sessions_total{result="settled"} 3
                    latchkey_sessions_total{result="od\\"d"} 1.5

                    """
            )
        }
    }

    @Test func `an audit row is found by its kind and its time`() async throws {
        try await withServer { server in
            _ = try await server.post("/v1/groups", #"{"name":"hall"}"#)
            let found = try await server.get(
                "/v1/audit?kind=groupCreated&since=2026-03-01T12:00:00Z"
            )
            #expect(try found.decoded(Page<AuditEntry>.self).items.count == 1)
            let none = try await server.get("/v1/audit?until=2026-03-01")
            #expect(try none.decoded(Page<AuditEntry>.self).items.isEmpty)
            let verdict = try await server.post("/v1/audit/verify").decoded(AuditVerdict.self)
            #expect(verdict.isIntact && verdict.rows == 1)
        }
    }
}
