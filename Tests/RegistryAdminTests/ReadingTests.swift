import AdminModel
import Registry
import Testing

@testable import ServerKit

@Suite struct ReadingTests {
    @Test func `what admins ask for runs on threads of its own`() async throws {
        let home = try Home()
        let value = try await home.admin.mapping { () throws(RegistryError) in
            ReadingExecutor.shared.demandOwnThread()
            _ = try await home.registry.auditVerify()
            ReadingExecutor.shared.demandOwnThread()
            return 1
        }
        #expect(value == 1)
    }
}
