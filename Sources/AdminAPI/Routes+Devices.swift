internal import AdminModel
internal import Hummingbird

extension Routes {
    /// Counting devices, their labels and their quarantine.
    func care(_ service: any DeviceCareService) -> [Route] {
        [
            Route(
                "/v1/device-count",
                (
                    .get,
                    read(["group", "state", "where"]) {
                        try await service.countDevices(DeviceFilter($0))
                    }
                )
            ),
            Route(
                "/v1/labels",
                (.post, create(status: .ok) { try await service.label($0, by: $1) })
            ),
            Route(
                "/v1/devices/{id}/quarantine",
                (.post, act { try await service.quarantineDevice($0, by: $1) })
            ),
            Route(
                "/v1/devices/{id}/reinstate",
                (.post, act { try await service.reinstateDevice($0, by: $1) })
            ),
        ]
    }
}

extension DeviceFilter {
    init(_ query: Query) {
        self.init(
            group: query.text("group"),
            state: query.text("state"),
            query: query.text("where")
        )
    }
}
