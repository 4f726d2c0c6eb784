public import AdminModel

/// What an admin can do with devices beside their keys; a part of `AdminService`.
public protocol DeviceCareService: Sendable {
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
}
