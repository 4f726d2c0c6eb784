internal import Fleet
internal import Foundation

/// Something that was decided for many members and is done to some hundreds of them in a commit; what is
/// left stands in the campaign's row, so a crash between two commits loses nothing.
enum CampaignJob: Codable, Hashable, Sendable {
    /// The target is written down, from the device after this one.
    case list(after: String)
    /// Ranked members are put into the waves; so many are still to come in each.
    case deal(left: [Int])
    case release(wave: Int, count: Int, clocks: [Int]?)
    case cancel(wave: Int?)
    case rollBack(wave: Int?, count: Int)
    case skipWaiting(reason: Int)
    case closeSuspects
    case retry(kinds: [Int])
    /// Members in flight are given no more time than they are allowed, from the device after this one.
    case expectAnew(after: Int64)

    /// Members of one commit.
    static let chunk = 500

    /// The job that a step asks for; nil for a record, which is written at once.
    init?(_ step: CampaignStep) {
        switch step {
        case .list: self = .list(after: "")
        case .release(let wave, let count, let clocks):
            self = .release(wave: wave, count: count, clocks: clocks?.sorted())
        case .cancelMembers(let wave): self = .cancel(wave: wave)
        case .rollBack(let wave, let count): self = .rollBack(wave: wave, count: count)
        case .skipWaiting(let reason): self = .skipWaiting(reason: reason.rawValue)
        case .closeSuspects: self = .closeSuspects
        case .retry(let kinds): self = .retry(kinds: kinds.map(\.rawValue).sorted())
        case .expectAnew: self = .expectAnew(after: 0)
        case .record: return nil
        }
    }

    /// Whether it goes towards members that a pause shall spare.
    var isAdvance: Bool {
        switch self {
        case .release, .rollBack: true
        case .list, .deal, .cancel, .skipWaiting, .closeSuspects, .retry, .expectAnew: false
        }
    }

    static func encode(_ jobs: [CampaignJob]) throws -> String {
        jobs.isEmpty ? "[]" : String(decoding: try JSONEncoder().encode(jobs), as: UTF8.self)
    }

    static func decode(_ text: String) throws -> [CampaignJob] {
        if text == "[]" { return [] }
        do {
            return try JSONDecoder().decode([CampaignJob].self, from: Data(text.utf8))
        } catch {
            throw RegistryError(.damaged, "the jobs of a campaign cannot be read")
        }
    }
}
