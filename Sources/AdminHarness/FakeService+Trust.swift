package import AdminAPI
package import AdminModel

extension FakeService {
    package func policy() async throws(AdminProblem) -> Policy {
        try change { state throws(AdminProblem) in Policy(settings: state.policy) }
    }

    package func setPolicy(
        _ change: PolicyChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Policy {
        try self.change { state throws(AdminProblem) in
            guard let index = state.policy.firstIndex(where: { $0.name == change.name }) else {
                let names = state.policy.map(\.name).joined(separator: ", ")
                throw AdminProblem(.notFound, "no policy \"\(change.name)\": want one of \(names)")
            }
            let isRight =
                Int(change.value).map { (1...100).contains($0) }
                ?? ["report", "quarantine"].contains(change.value)
            guard isRight else {
                throw AdminProblem(
                    .invalid,
                    "\(change.name) can't be \"\(change.value)\": want \(state.policy[index].choices)"
                )
            }
            state.policy[index].value = change.value
            state.record("policyChanged", actor)
            return Policy(settings: state.policy)
        }
    }

    package func anchors() async throws(AdminProblem) -> AnchorStatus {
        try change { state throws(AdminProblem) in
            var anchors = state.anchors
            for index in anchors.indices {
                let generation = anchors[index].generation
                anchors[index].devices = state.devices.values.count {
                    ($0.anchor ?? 0) >= generation
                }
            }
            return AnchorStatus(
                anchors: anchors,
                devices: state.devices.count,
                requiredPercent: state.requiredPercent
            )
        }
    }

    package func announceAnchor(by actor: AdminActor) async throws(AdminProblem) -> AnchorRecord {
        try change { state throws(AdminProblem) in
            if let last = state.anchors.last, last.state == "announced" {
                throw AdminProblem(
                    .conflict,
                    "anchor \(last.generation) is announced already: switch to it first"
                )
            }
            let next = AnchorRecord(
                generation: UInt32(state.anchors.count + 1),
                state: "announced",
                createdAt: noon
            )
            state.anchors.append(next)
            state.record("anchorAnnounced", actor)
            return next
        }
    }

    package func switchAnchor(
        _ request: AnchorSwitch,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AnchorRecord {
        try change { state throws(AdminProblem) in
            guard let index = state.anchors.indices.last, state.anchors[index].state == "announced"
            else { throw AdminProblem(.conflict, "no anchor is announced: announce one first") }
            let generation = state.anchors[index].generation
            let reached = state.devices.values.count { ($0.anchor ?? 0) >= generation }
            let isCovered =
                Double(reached) * 100 >= state.requiredPercent * Double(state.devices.count)
            let left = state.devices.count - reached
            guard request.stranding.map({ $0 == left }) ?? isCovered else {
                throw AdminProblem(
                    .conflict,
                    "\(reached) of \(state.devices.count) devices trust anchor \(generation): "
                        + "policy asks for \(state.requiredPercent) percent: "
                        + "\(left) would have to enrol again"
                )
            }
            for index in state.anchors.indices { state.anchors[index].state = "former" }
            state.anchors[index].state = "current"
            state.record("anchorSwitched", actor)
            return state.anchors[index]
        }
    }

    package func listStragglers(
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Straggler> {
        try change { state throws(AdminProblem) in
            let newest = state.anchors.last?.generation ?? 1
            let late = state.devices.values.filter { ($0.anchor ?? 0) < newest }
                .map { detail in
                    Straggler(
                        device: detail.device.id,
                        group: detail.device.group,
                        anchor: detail.anchor,
                        lastSeenAt: detail.device.lastSeenAt
                    )
                }
            return cut(late.sorted { $0.device < $1.device }, page, by: \.device)
        }
    }
}

extension FakeFleet {
    fileprivate var requiredPercent: Double {
        policy.first { $0.name == "anchorCoverage" }.flatMap { Double($0.value) } ?? 100
    }
}
