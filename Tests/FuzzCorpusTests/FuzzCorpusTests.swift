import Foundation
import FuzzTargets
import Testing

/// Replays what the fuzzers keep; a trap fails the whole run, and the file's name is printed before.
struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func `every file of a corpus is read without a trap`(target: FuzzTarget) throws {
        let folder = Self.root + "/Fuzz/corpus/" + target.rawValue
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect((1...40).contains(names.count))
        for name in names {
            let data = try #require(FileManager.default.contents(atPath: folder + "/" + name))
            target.run([UInt8](data))
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `every seed is read, and so is each part of it and each flipped bit`(target: FuzzTarget) {
        for seed in target.seeds {
            target.run(seed)
            for index in seed.indices {
                target.run(Array(seed.prefix(index)))
                var changed = seed
                changed[index] ^= 1 << UInt8(index % 8)
                target.run(changed)
            }
        }
    }

    private static var root: String {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }
}
