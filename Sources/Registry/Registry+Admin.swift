public import Fleet
public import KeyExchange

extension Registry {
    /// Makes a group with a sealing key of its own; `conflict` if it exists.
    public func createGroup(
        _ name: GroupName, actor: String, now: Int64
    ) async throws(RegistryError) -> Group { todo() }

    /// Every group, by name.
    public func listGroups() async throws(RegistryError) -> [Group] { todo() }

    /// Adds a key to what a group's devices shall hold, and nudges them.
    public func createKeySpec(
        _ spec: KeySpec, actor: String, now: Int64
    ) async throws(RegistryError) { todo() }

    /// The key specs of one group or of all, by group and name.
    public func listKeySpecs(
        group: GroupName? = nil
    ) async throws(RegistryError) -> [KeySpec] { todo() }

    /// Makes an enrolment token; its secret is in the result and never given out again.
    public func createBundle(
        group: GroupName, uses: UInt32, expiresAt: Int64, actor: String, now: Int64
    ) async throws(RegistryError) -> CreatedBundle { todo() }

    /// Every bundle, newest first.
    public func listBundles() async throws(RegistryError) -> [EnrolmentBundle] { todo() }

    /// Takes a bundle back; doing it twice is no fault.
    public func revokeBundle(
        _ id: BundleID, actor: String, now: Int64
    ) async throws(RegistryError) { todo() }

    /// Makes devices known by their public keys, all of the file or none of it.
    ///
    /// The text is CSV with the header `name,group,public_key`. Throws `invalid` with one line of
    /// `rows` for each bad row.
    public func importDevices(
        csv: String, actor: String, now: Int64
    ) async throws(RegistryError) -> Int { todo() }

    /// Devices by name after `after`, at most `limit`.
    public func listDevices(
        _ filter: DeviceFilter = DeviceFilter(), after: DeviceID? = nil, limit: Int = 100
    ) async throws(RegistryError) -> [Device] { todo() }

    /// One device with its keys; `notFound` if there is none.
    public func device(_ id: DeviceID) async throws(RegistryError) -> DeviceDetails { todo() }

    /// Marks keys as due and nudges their devices; returns how many keys were marked.
    ///
    /// `key` nil means every key. A large group is marked in several commits.
    public func rotate(
        _ scope: RotationScope, key: KeyName?, actor: String, now: Int64
    ) async throws(RegistryError) -> Int { todo() }

    /// Orders a device to destroy everything; doing it twice is no fault.
    public func retireDevice(
        _ id: DeviceID, actor: String, now: Int64
    ) async throws(RegistryError) -> Device { todo() }

    /// Refuses an enrolled device until it is released.
    public func quarantineDevice(
        _ id: DeviceID, actor: String, now: Int64
    ) async throws(RegistryError) -> Device { todo() }

    /// Ends a quarantine.
    public func releaseDevice(
        _ id: DeviceID, actor: String, now: Int64
    ) async throws(RegistryError) -> Device { todo() }

    /// The state of the fleet at a glance.
    public func status(now: Int64) async throws(RegistryError) -> FleetStatus { todo() }

    /// Accounts of the broker by name after `after`, at most `limit`.
    public func brokerAccounts(
        after: DeviceID? = nil, limit: Int = 1000
    ) async throws(RegistryError) -> [BrokerAccount] { todo() }

    /// Rows of the audit log after `after`, oldest first, at most `limit`.
    public func auditList(
        _ filter: AuditFilter = AuditFilter(), after: Int64 = 0, limit: Int = 100
    ) async throws(RegistryError) -> [AuditRow] { todo() }

    /// Reads the whole audit log in bounded memory and names the first bad row.
    public func auditVerify() async throws(RegistryError) -> AuditVerification { todo() }
}
