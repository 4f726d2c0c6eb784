public import AdminModel

/// What an admin can do with campaigns; a part of `AdminService`.
public protocol CampaignService: Sendable {
    /// Keeps a plan as a draft; nothing is done to any device.
    func createCampaign(
        _ plan: CampaignPlan,
        by actor: AdminActor
    ) async throws(AdminProblem) -> CampaignDetail
    /// Lists campaigns by name; in one state or in all.
    func listCampaigns(
        state: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Campaign>
    /// Shows one campaign and how far it is.
    func campaign(_ name: String) async throws(AdminProblem) -> CampaignDetail
    /// Tells what a campaign would do if it was started now.
    func forecast(of name: String) async throws(AdminProblem) -> CampaignForecast
    /// Lists a campaign's devices in an order that stays; in one state or in all.
    func listMembers(
        of name: String,
        state: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<CampaignMember>
    /// Tells what happened, for an auditor.
    func report(on name: String) async throws(AdminProblem) -> CampaignReport

    /// Starts a draft, or asks a second person where the policy wants one.
    func startCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Agrees to a campaign or to its next stage.
    func approveCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Releases nothing more until it is resumed.
    func pauseCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Goes on, whatever it was that paused it.
    func resumeCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Ends it at a safe point: devices that hold an offer finish.
    func cancelCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Leads devices back to the key that they had, while grace lasts.
    func rollBackCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
    /// Lets devices that failed try again.
    func retryCampaign(
        _ name: String,
        _ order: CampaignOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Campaign
}
