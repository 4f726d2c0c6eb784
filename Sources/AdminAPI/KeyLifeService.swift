public import AdminModel

/// What an admin can do with the life of keys; a part of `AdminService`.
public protocol KeyLifeService: Sendable {
    /// Lists notices by device and kind.
    func listNotices(
        kind: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Notice>
    /// Takes a notice off the list; tells of how many devices, none or one.
    func dismissNotice(
        _ dismissal: NoticeDismissal,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount

    /// Takes keys out of use for a while.
    func suspendKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange
    /// Brings suspended keys back into use.
    func resumeKeys(_ order: KeyOrder, by actor: AdminActor) async throws(AdminProblem) -> KeyChange
    /// Replaces keys that others may know, at once.
    func compromiseKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange
    /// Takes a key away from devices for good.
    func retireKeys(_ order: KeyOrder, by actor: AdminActor) async throws(AdminProblem) -> KeyChange
    /// Ends the grace of a superseded generation now.
    func destroyKeys(
        _ order: KeyOrder,
        by actor: AdminActor
    ) async throws(AdminProblem) -> KeyChange
}
