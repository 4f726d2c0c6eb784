internal import Glibc
public import NIOCore

/// Which account is at the other end of the socket, by word of the kernel.
public struct PeerCredentials: Hashable, Sendable {
    /// The account's number.
    public let uid: UInt32
    /// Its effective group.
    public let gid: UInt32

    /// States both.
    public init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }

    /// Asks the kernel who connected: the account as it was at that moment, whatever became of it.
    public static func read(from channel: any Channel) async throws -> PeerCredentials {
        guard let socket = channel as? any SocketOptionProvider else {
            throw ChannelError.operationUnsupported
        }
        let found: KernelCredentials = try await socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        ).get()
        return PeerCredentials(uid: found.uid, gid: found.gid)
    }

    /// The account as the audit log names it.
    var actor: AdminActor { AdminActor("uid:\(accountName ?? String(uid))") }

    /// The account's name; nil when it has none.
    var accountName: String? {
        unsafe account { account in
            guard let name = unsafe account.pw_name else { return nil }
            return unsafe String(cString: name)
        }
    }

    /// Each group of the account: the one it runs as, and those that the system's database gives it.
    ///
    /// SO_PEERCRED tells only the effective group, and an admin is usually a member beside it.
    var groups: Set<UInt32> {
        let listed: [gid_t]? = unsafe account { account in
            guard let name = unsafe account.pw_name else { return nil }
            var count: Int32 = 256
            var groups = [gid_t](repeating: 0, count: Int(count))
            let result = unsafe getgrouplist(name, account.pw_gid, &groups, &count)
            return result < 0 ? [] : Array(groups.prefix(Int(count)))
        }
        return Set(listed ?? []).union([gid])
    }

    private func account<Value>(_ body: (passwd) -> Value?) -> Value? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>? = nil
        var buffer = [CChar](repeating: 0, count: 16_384)
        return unsafe buffer.withUnsafeMutableBufferPointer { room in
            guard let start = room.baseAddress,
                unsafe getpwuid_r(uid, &entry, start, room.count, &found) == 0,
                let found = unsafe found
            else { return nil }
            return unsafe body(found.pointee)
        }
    }
}

/// The kernel's `struct ucred`, which the system's module shows only to GNU sources.
private struct KernelCredentials: Sendable {
    let pid: Int32
    let uid: UInt32
    let gid: UInt32
}
