public import AdminModel

/// What an admin can ask of the server, without HTTP.
///
/// Each operation is done when it returns, durably and with its audit row, or throws and has changed
/// nothing. Names and numbers arrive as they were sent; the service checks them.
public protocol AdminService: CampaignService, DeviceCareService, KeyLifeService, TrustService {
    /// Tells how the server is.
    func status() async throws(AdminProblem) -> ServerStatus

    /// Takes a snapshot of the server's figures for a monitoring system.
    func metrics() async -> [Metric]

    /// Makes a group.
    func createGroup(
        _ request: GroupCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> Group
    /// Lists the groups by name.
    func listGroups(_ page: PageRequest) async throws(AdminProblem) -> Page<Group>

    /// Gives all devices of a group one more key.
    func createKeySpec(
        _ request: KeySpecCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeySpec
    /// Lists the key specs, of one group or of all.
    func listKeySpecs(
        group: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<KeySpec>

    /// Makes an enrolment bundle.
    func createBundle(
        _ request: BundleCreation,
        by actor: AdminActor
    ) async throws(AdminProblem) -> CreatedBundle
    /// Lists the bundles, without their secrets.
    func listBundles(_ page: PageRequest) async throws(AdminProblem) -> Page<BundleRecord>
    /// Ends a bundle before its time.
    func revokeBundle(
        _ id: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> BundleRecord

    /// Registers the devices of a CSV text: all of them, or none and each bad row by its line.
    func importDevices(
        csv: String,
        by actor: AdminActor
    ) async throws(AdminProblem) -> ImportResult
    /// Lists devices by name.
    func listDevices(
        _ filter: DeviceFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Device>
    /// Shows one device with its keys.
    func device(_ id: String) async throws(AdminProblem) -> DeviceDetail
    /// Takes a device out of use for good: it destroys its keys at its next contact.
    func retireDevice(_ id: String, by actor: AdminActor) async throws(AdminProblem) -> Device

    /// Asks for new generations of the selected keys.
    func rotate(
        _ selection: KeySelection,
        by actor: AdminActor
    ) async throws(AdminProblem) -> RotationStart
    /// Tells how far the selected keys are.
    func progress(of selection: KeySelection) async throws(AdminProblem) -> RotationProgress

    /// Lists audit rows in the order in which they were written.
    func listAudit(
        _ filter: AuditFilter,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<AuditEntry>
    /// Checks the whole audit log against its chain and its head.
    func verifyAudit() async throws(AdminProblem) -> AuditVerdict
}
