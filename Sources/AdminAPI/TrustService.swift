public import AdminModel

/// What an admin can do with the fleet's policy and with what devices trust; a part of `AdminService`.
public protocol TrustService: Sendable {
    /// Tells each rule and what holds now.
    func policy() async throws(AdminProblem) -> Policy
    /// Changes one rule.
    func setPolicy(
        _ change: PolicyChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Policy

    /// Tells the generations of the server's anchor, and how far the fleet has followed.
    func anchors() async throws(AdminProblem) -> AnchorStatus
    /// Makes the next generation, which devices hear of at their next contact.
    func announceAnchor(by actor: AdminActor) async throws(AdminProblem) -> AnchorRecord
    /// Makes the newest generation the only one, if enough devices trust it or the request names how
    /// many are cut off.
    func switchAnchor(
        _ request: AnchorSwitch,
        by actor: AdminActor
    ) async throws(AdminProblem) -> AnchorRecord
    /// Lists the devices by name that do not yet trust the newest generation.
    func listStragglers(_ page: PageRequest) async throws(AdminProblem) -> Page<Straggler>
}
