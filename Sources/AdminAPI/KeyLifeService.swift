public import AdminModel

/// What an admin can do with devices and with the life of their keys; a part of `AdminService`.
public protocol KeyLifeService: Sendable {
    /// Counts the devices that a filter finds.
    func countDevices(_ filter: DeviceFilter) async throws(AdminProblem) -> DeviceCount
    /// Writes labels on devices and takes some away; tells on how many devices.
    func label(
        _ change: LabelChange,
        by actor: AdminActor
    ) async throws(AdminProblem) -> DeviceCount
    /// Refuses a device until it is let in again.
    func quarantineDevice(_ id: String, by actor: AdminActor) async throws(AdminProblem) -> Device
    /// Ends a quarantine; what the device was suspected of is forgotten.
    func reinstateDevice(_ id: String, by actor: AdminActor) async throws(AdminProblem) -> Device
    /// Lists notices by device and kind.
    func listNotices(
        kind: String?,
        _ page: PageRequest
    ) async throws(AdminProblem) -> Page<Notice>

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
