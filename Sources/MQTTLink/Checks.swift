internal import Glibc

extension MQTTConfiguration {
    /// Throws on what can never work, before a thread exists.
    func check() throws(MQTTError) {
        for (name, text) in [
            ("host", host), ("client id", clientID), ("user name", username ?? "-"),
            ("CA file", authorityFile ?? "-"),
        ] {
            guard !text.isEmpty, text.utf8.count <= 4096, !text.utf8.contains(0) else {
                throw MQTTError(.badSetting, "\(name): want 1 to 4096 bytes without a NUL")
            }
        }
        guard port > 0 else { throw MQTTError(.badSetting, "port: want 1 to 65535, have 0") }
        guard password == nil || username != nil else {
            throw MQTTError(.badSetting, "a password needs a user name")
        }
        if let password, password.holdsNUL {
            throw MQTTError(.badSetting, "password: a NUL can't be sent")
        }
        guard keepAlive >= .seconds(5), keepAlive <= .seconds(65_535) else {
            throw MQTTError(.badSetting, "keep-alive: want 5 to 65535 s, have \(keepAlive)")
        }
        guard (1...65_535).contains(outboxCapacity), inboxCapacity > 0,
            (1...(1 << 20)).contains(maximumPayload)
        else { throw MQTTError(.badSetting, "capacity: want 1 or more, 1 MiB of payload at most") }
        // The account's password and the topics would go over the network in the clear.
        guard authorityFile != nil || isLoopback(host) else {
            throw MQTTError(.badSetting, "without a CA file the host must be a loopback address")
        }
    }

    private func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if unsafe inet_pton(AF_INET, host, &address) == 1 {
            return UInt32(bigEndian: address.s_addr) >> 24 == 127
        }
        return host == "::1"
    }
}

/// Throws on a filter that MQTT does not allow.
func checkFilter(_ filter: String) throws(MQTTError) {
    guard (1...1024).contains(filter.utf8.count), !filter.utf8.contains(0) else {
        throw MQTTError(.badTopic, "a filter has 1 to 1024 bytes and no NUL")
    }
    let levels = filter.split(separator: "/", omittingEmptySubsequences: false)
    for (index, level) in levels.enumerated() where level.contains("+") || level.contains("#") {
        guard level == "+" || (level == "#" && index == levels.count - 1) else {
            throw MQTTError(.badTopic, "a wildcard stands alone in its level, # in the last one")
        }
    }
}

/// Throws on a topic that can't be published to.
func checkTopic(_ topic: String) throws(MQTTError) {
    guard (1...1024).contains(topic.utf8.count),
        !topic.utf8.contains(where: {
            $0 == 0 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#")
        })
    else { throw MQTTError(.badTopic, "a topic has 1 to 1024 bytes, no NUL and no wildcard") }
}
