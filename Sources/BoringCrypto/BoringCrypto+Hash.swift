internal import Crypto
public import EDHOC
internal import FoundationEssentials
internal import Glibc
public import Secrets

// HMAC and HKDF are written over swift-crypto's hashes: a handshake makes some twenty of them, and
// the HMAC of swift-crypto takes three times as long (measured for 100 bytes: 1.4 µs against 0.5 µs
// here; mbedTLS takes 1.2 µs).
extension BoringCrypto {
    /// The digest of `message`.
    public func hash(_ algorithm: HashAlgorithm, _ message: RawSpan) -> [UInt8] {
        switch algorithm {
        case .sha256: digest(SHA256.self, message)
        case .sha384: digest(SHA384.self, message)
        }
    }

    /// HMAC (RFC 2104) of `message`, untruncated.
    public func authenticate(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        message: RawSpan
    ) -> [UInt8] {
        var tag: [UInt8] = []
        tag.reserveCapacity(algorithm.length)
        key.withBytes { key in
            unsafe algorithm.authenticate(key: key, { $0(message) }) {
                unsafe tag.append(contentsOf: $0)
            }
        }
        return tag
    }

    /// HKDF-Extract (RFC 5869 § 2.2).
    public func extract(
        _ algorithm: HashAlgorithm,
        salt: RawSpan,
        inputKey: borrowing Secret
    ) -> Secret {
        inputKey.withBytes { input in
            Secret(count: algorithm.length) { output in
                unsafe algorithm.authenticate(key: salt, { $0(input) }) { unsafe output.append($0) }
            }
        }
    }

    /// HKDF-Expand (RFC 5869 § 2.3); `count` is at most 255 digests, and `key` at least one.
    public func expand(
        _ algorithm: HashAlgorithm,
        key: borrowing Secret,
        info: RawSpan,
        count: Int
    ) -> Secret {
        precondition(count <= 255 * algorithm.length, "HKDF can't expand so far")
        precondition(key.count >= algorithm.length, "HKDF expands keys of a digest's length")
        return key.withBytes { key in
            Secret(count: count) { output in
                var previous: Secret?
                var round: UInt8 = 0
                while output.freeCapacity > 0 {
                    round += 1
                    let block = Secret(count: algorithm.length) { block in
                        unsafe algorithm.authenticate(key: key) { update in
                            previous?.withBytes { update($0) }
                            update(info)
                            update([round].rawSpan)
                        } finish: {
                            unsafe block.append($0)
                        }
                    }
                    block.withBytes { bytes in
                        for index in 0..<min(bytes.byteCount, output.freeCapacity) {
                            output.append(bytes[byte: index])
                        }
                    }
                    previous = consume block
                }
            }
        }
    }
}

private func digest<Hash: HashFunction>(_: Hash.Type, _ message: RawSpan) -> [UInt8] {
    unsafe message.withUnsafeBytes { buffer in
        var hash = Hash()
        unsafe hash.update(bufferPointer: buffer)
        return unsafe hash.finalize().withUnsafeBytes { unsafe Array($0) }
    }
}

extension HashAlgorithm {
    /// HMAC of what `message` feeds, handed to `finish` in memory of the library.
    fileprivate func authenticate(
        key: RawSpan,
        _ message: ((RawSpan) -> Void) -> Void,
        finish: (UnsafeRawBufferPointer) -> Void
    ) {
        switch self {
        case .sha256: unsafe hmac(SHA256.self, key, message, finish)
        case .sha384: unsafe hmac(SHA384.self, key, message, finish)
        }
    }
}

/// RFC 2104 § 2: H(K ⊕ opad ‖ H(K ⊕ ipad ‖ message)).
private func hmac<Hash: HashFunction>(
    _: Hash.Type,
    _ key: RawSpan,
    _ message: ((RawSpan) -> Void) -> Void,
    _ finish: (UnsafeRawBufferPointer) -> Void
) {
    unsafe withUnsafeTemporaryAllocation(byteCount: Hash.blockByteCount, alignment: 16) { pad in
        defer { if let start = pad.baseAddress { unsafe explicit_bzero(start, pad.count) } }
        unsafe pad.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe key.withUnsafeBytes { key in
            if key.count <= pad.count {
                unsafe pad.copyMemory(from: key)
            } else {
                var hash = Hash()
                unsafe hash.update(bufferPointer: key)
                unsafe hash.finalize().withUnsafeBytes { unsafe pad.copyMemory(from: $0) }
            }
        }
        for index in pad.indices { unsafe pad[index] ^= 0x36 }
        var inner = Hash()
        unsafe inner.update(bufferPointer: UnsafeRawBufferPointer(pad))
        message { part in
            unsafe part.withUnsafeBytes { unsafe inner.update(bufferPointer: $0) }
        }
        for index in pad.indices { unsafe pad[index] ^= 0x36 ^ 0x5C }
        var outer = Hash()
        unsafe outer.update(bufferPointer: UnsafeRawBufferPointer(pad))
        unsafe inner.finalize().withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
        unsafe outer.finalize().withUnsafeBytes { unsafe finish($0) }
    }
}

extension OutputRawSpan {
    fileprivate mutating func append(_ buffer: UnsafeRawBufferPointer) {
        for index in buffer.indices { append(unsafe buffer[index]) }
    }
}
