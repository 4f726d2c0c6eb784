internal import Fleet
internal import KeyExchange

// What must not be in use at the server any more, or not beside what is.
extension Watch.Believed {
    /// Material that others may know.
    var compromised: Set<Thumbprint> {
        Set(keys.filter(\.state.isCompromised).map(\.thumbprint))
    }
}

extension Watch.Entry {
    /// A broken promise about a device, without the story.
    typealias Finding = (kind: Violation.Kind, detail: String)

    /// What the server accepts, or may offer, although it should not.
    var misuses: [Finding] {
        var findings: [Finding] = []
        for record in believed.keys {
            let generation = record.generation
            if record.state.hasMaterial, record.state != .compromised,
                compromised.contains(record.thumbprint)
            {
                findings.append(
                    (
                        .acceptedAfterCompromise,
                        "\(generation) is \(record.state), others may know it"
                    )
                )
            }
        }
        for name in Set(believed.keys.map(\.name)).sorted() {
            let states = believed.keys.filter { $0.name == name }.map(\.state)
            if states.contains(.compromised), states.contains(.active) {
                findings.append(
                    (.acceptedAfterCompromise, "\(name) has a successor, the older one is accepted")
                )
            }
            if states.count(where: { $0 == .active || $0 == .suspended }) > 1 {
                findings.append((.twoInUse, "\(name) has two generations in use"))
            }
        }
        return findings
    }

    /// What the device still holds of keys whose end it has reported.
    var remains: [Finding] {
        held.filter { goneForGood.contains($0.generation.name) }.map { held in
            (.keptAfterRetirement, "\(held.generation) is \(held.state) on the device")
        }
    }
}
