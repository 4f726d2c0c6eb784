import Fleet
import Testing

@Suite struct KeyStateTests {
    @Test func `a key lives the life of the drawing`() {
        let life: [KeyState] = [
            .preActive, .offered, .active, .superseded, .deactivated, .destroyed,
        ]
        for (state, next) in zip(life, life.dropFirst()) {
            #expect(state.mayBecome(next), "\(state) to \(next)")
            #expect(!next.mayBecome(state), "\(next) back to \(state)")
        }
    }

    @Test func `every state has a row in the table`() {
        #expect(Set(KeyState.transitions.keys) == Set(KeyState.allCases))
    }

    @Test(arguments: KeyState.allCases)
    func `no state leads to itself or back to offered`(state: KeyState) {
        #expect(!state.mayBecome(state))
        #expect(!state.mayBecome(.offered) || state == .preActive)
        #expect(!state.mayBecome(.preActive))
    }

    @Test(arguments: [KeyState.withdrawn, .destroyed, .destroyedCompromised])
    func `what is gone never comes back`(state: KeyState) {
        #expect(!state.hasMaterial)
        #expect(KeyState.allCases.filter(state.mayBecome).allSatisfy { $0 == .compromised })
    }

    @Test func `only an active key can be suspended, and comes back`() {
        #expect(KeyState.allCases.filter { $0.mayBecome(.suspended) } == [.active])
        #expect(KeyState.suspended.mayBecome(.active))
    }
}
