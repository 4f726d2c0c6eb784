import Fleet
import Foundation
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
        #expect(Set(KeyState.rules.keys) == Set(KeyState.allCases))
    }

    @Test(arguments: KeyState.allCases)
    func `no state leads to itself, to what nobody saw, or back to offered`(state: KeyState) {
        #expect(!state.mayBecome(state))
        #expect(!state.mayBecome(.offered) || state == .preActive)
        #expect(!state.mayBecome(.preActive))
        #expect(Set(state.rule.next).count == state.rule.next.count)
    }

    @Test(arguments: [KeyState.withdrawn, .destroyed, .destroyedCompromised])
    func `what is gone never comes back`(state: KeyState) {
        #expect(!state.hasMaterial && !state.isAccepted)
        #expect(
            KeyState.allCases.filter(state.mayBecome).allSatisfy { $0 == .destroyedCompromised }
        )
    }

    @Test func `from every state a key can end, and nothing follows its end`() {
        for state in KeyState.allCases {
            var reached: Set<KeyState> = [state]
            var front = [state]
            while let next = front.popLast() {
                for state in next.rule.next where reached.insert(state).inserted {
                    front.append(state)
                }
            }
            #expect(reached.contains(.destroyedCompromised))
            #expect(reached.contains { !$0.hasMaterial }, "\(state) keeps its material for ever")
        }
        #expect(KeyState.allCases.filter { $0.rule.next.isEmpty } == [.destroyedCompromised])
    }

    @Test func `what is compromised never comes into use again`() {
        for state in [KeyState.compromised, .destroyedCompromised] {
            #expect(state.isCompromised)
            #expect(state.rule.next.allSatisfy { $0.isCompromised })
        }
        #expect(KeyState.allCases.filter(\.isCompromised).count == 2)
    }

    @Test func `whatever has material may become compromised`() {
        for state in KeyState.allCases where state.hasMaterial && state != .compromised {
            #expect(state.mayBecome(.compromised), "\(state)")
        }
    }

    @Test func `nothing is accepted of which the server has no material`() {
        for state in KeyState.allCases where state.isAccepted { #expect(state.hasMaterial) }
        #expect(!KeyState.suspended.isAccepted)
    }

    @Test func `only an active key can be suspended, and comes back`() {
        #expect(KeyState.allCases.filter { $0.mayBecome(.suspended) } == [.active])
        #expect(KeyState.suspended.mayBecome(.active))
    }

    @Test func `every state that a device can be in leaves a row in the audit log`() {
        #expect(KeyState.allCases.filter { $0.rule.event == nil } == [.preActive])
    }

    @Test func `the drawing in the documentation is that of the table`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "docs/rotation.md"),
            encoding: .utf8
        )
        let begin = try #require(page.range(of: "<!-- life of a key: made from the table -->\n"))
        let end = try #require(page.range(of: "\n<!-- end -->"))
        let block = page[begin.upperBound..<end.lowerBound]
        #expect(block == "```mermaid\n\(KeyState.drawing)\n```")
    }
}
