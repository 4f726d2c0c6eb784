import Foundation
import Glibc
import Testing

@testable import Registry

@Suite struct DiskRoomTests {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "disk-room-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private var file: String { "\(folder)/\(DiskRoom.fileName)" }

    private func clear() { try? FileManager.default.removeItem(atPath: folder) }

    /// What the file takes on the disk, whatever it says.
    private var kept: Int64 {
        var status = stat()
        return unsafe lstat(file, &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    }

    @Test func `room is kept, given up once, and kept again when there is some`() {
        defer { clear() }
        let room = DiskRoom(folder: folder, reserve: 1 << 20)
        #expect(!room.isShort() && !room.isFull)
        #expect(kept >= 1 << 20)
        #expect(room.giveUp())
        #expect(room.isFull && kept == 0)
        #expect(!room.giveUp(), "it is gone already")
        #expect(!room.isShort() && !room.isFull)
        #expect(kept >= 1 << 20)
    }

    @Test func `a file that takes no room does not count`() throws {
        defer { clear() }
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.truncate(atOffset: 1 << 20)
        try handle.close()
        let room = DiskRoom(folder: folder, reserve: 1 << 20)
        #expect(!room.isShort())
        #expect(kept >= 1 << 20)
    }

    @Test func `without a reserve nothing is ever given up, and nothing is short`() {
        defer { clear() }
        let none = DiskRoom(folder: folder, reserve: 0)
        #expect(!none.isShort() && !none.isFull && !none.giveUp())
        #expect(kept == 0)
    }

    @Test func `a folder that is gone is no room`() {
        let room = DiskRoom(folder: "\(folder)/nowhere", reserve: 1 << 20)
        defer { clear() }
        #expect(room.isShort() && room.isFull && !room.giveUp())
    }
}
