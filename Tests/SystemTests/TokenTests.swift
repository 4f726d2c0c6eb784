import EstateHarness
import Foundation
import KeyExchange
import Testing

extension SystemTests {
    @Suite struct TokenTests {
        @Test func `every wrong token ends with its advice and a row in the audit log`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let good = try await estate.makeLamps()

            let once = try await estate.makeBundle("once", uses: 1)
            #expect(try await Lamp("lamp-1", in: estate).enrol(with: once).code == 0)
            try await refuses("lamp-2", once, .tokenUsedUp, in: estate)

            let revoked = try await estate.makeBundle("revoked")
            let bundles = try await estate.admin("bundle", "list", "--json")
                .json([BundleView].self)
            let identifier = try EnrolmentBundle(file: revoked).token.map { hexadecimal($0.id) }
            #expect(bundles.contains { $0.id == identifier })
            try await estate.admin("bundle", "revoke", identifier ?? "")
            try await refuses("lamp-3", revoked, .tokenUnknown, in: estate)

            let brief = try await estate.makeBundle("brief", expires: "1s")
            try await Task.sleep(for: .milliseconds(2100))
            try await refuses("lamp-4", brief, .tokenExpired, in: estate)

            try await refuses("lamp-5", good, .nameTaken, as: "lamp-1", in: estate)

            let forged = "\(estate.path)/forged.bundle"
            try write(EnrolmentBundle(file: good).withOtherSecret().text, to: forged)
            try await refuses("lamp-6", forged, .tokenProofWrong, in: estate)

            try await estate.admin("group", "create", "halls")
            let hall = Lamp("lamp-7", in: estate)
            let line = try await hall.command(
                "enrol",
                "--bundle",
                good,
                "--name",
                "lamp-7",
                "--prepare"
            )
            let list = "\(estate.path)/halls.csv"
            try write(line.output.replacing(",lamps,", with: ",halls,"), to: list)
            try await estate.admin("device", "import", list)
            try await refuses("lamp-7", good, .wrongGroup, in: estate)

            #expect(try await estate.auditIsIntact())
            let names = try await estate.admin("device", "list", "--state", "enrolled", "--json")
                .json([DeviceView.Device].self).map(\.id)
            #expect(names == ["lamp-1"])
        }

        @Test func `a bundle that was changed on its way is refused before anything is sent`()
            async throws
        {
            let estate = try await Estate()
            try await estate.start()
            let bundle = try await estate.makeLamps()
            let mallory = try await Mallory(estate)
            let text = contents(bundle)
            let last = text.index(text.endIndex, offsetBy: -40)
            let turned = text[last] == "A" ? "B" : "A"
            for bad in [
                text.replacingCharacters(in: last...last, with: turned),
                String(text.prefix(text.count / 2)), text + text, "",
            ] {
                try write(bad, to: "\(estate.path)/bad.bundle")
                let outcome = try await Lamp("lamp-1", in: estate)
                    .enrol(with: "\(estate.path)/bad.bundle")
                #expect(outcome.code == 7 && outcome.errors.contains("bad.bundle: "))
            }
            #expect(mallory.messages.isEmpty)
            #expect(try await Lamp("lamp-1", in: estate).enrol(with: bundle).code == 0)
        }

        private func refuses(
            _ name: String,
            _ bundle: String,
            _ code: ProblemCode,
            as alias: String? = nil,
            in estate: Estate
        ) async throws {
            let lamp = Lamp(name, in: estate)
            let outcome = try await lamp.enrol(with: bundle, name: alias ?? name)
            #expect(outcome.code == 2, "\(code): \(outcome.text)")
            #expect(outcome.errors.contains(code.advice), "\(code): \(outcome.errors)")
            #expect(try await lamp.held().isEmpty)
            let rows = try await estate.audit("contactRefused")
            #expect(
                rows.contains { $0.details.values.contains(code.description) },
                "no row for \(code) in \(rows)"
            )
        }
    }
}
