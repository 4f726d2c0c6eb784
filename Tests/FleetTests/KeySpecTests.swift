import Fleet
import KeyExchange
import Testing

@Suite struct KeySpecTests {
    private func spec(rotation: UInt32? = nil, grace: UInt32 = 0, lease: UInt32 = 0) throws {
        _ = try KeySpec(
            group: GroupName(parsing: "lights"),
            name: KeyName(parsing: "door"),
            algorithm: .aes256GCM,
            rotationSeconds: rotation,
            graceSeconds: grace,
            leaseSeconds: lease
        )
    }

    @Test func `numbers within their ranges are taken`() throws {
        try spec(rotation: 60, grace: 60, lease: 60)
        try spec(grace: KeySpec.maximumGrace)
        try spec(lease: KeySpec.leaseRange.upperBound)
    }

    @Test(arguments: [
        (UInt32?.some(0), UInt32(0), UInt32(0)), (59, 0, 0), (.max, 0, 0), (60, 61, 0),
        (nil, .max, 0), (nil, 0, 59), (nil, 0, .max),
    ])
    func `numbers out of their ranges are refused`(
        rotation: UInt32?,
        grace: UInt32,
        lease: UInt32
    ) {
        #expect(throws: FleetError.self) {
            try spec(rotation: rotation, grace: grace, lease: lease)
        }
    }
}
