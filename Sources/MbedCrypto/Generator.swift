internal import CMbedTLS
internal import EDHOC
internal import Secrets
internal import Synchronization

/// The one generator of an adapter: CTR_DRBG over every entropy source, shared by all threads.
///
/// It is seeded on first use, so that a source which fails is met where a key is wanted. Each
/// secret is drawn after a fresh reseed: a source that has failed since the start stops the next key,
/// and a state that leaked earlier doesn't foretell it.
final class Generator: Sendable {
    private let state: Mutex<State>

    init(sources: [any EntropySource]) {
        precondition(!sources.isEmpty, "a generator needs a source of entropy")
        state = Mutex(State(sources: sources))
    }

    /// Bytes for identifiers, nonces and blinding.
    func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        let code = unsafe output.withUnsafeMutableBufferPointer { unsafe draw($0, reseed: false) }
        try check(code)
        return output
    }

    /// Bytes for a key, from fresh entropy.
    func secret(_ count: Int) throws(CryptoError) -> Secret {
        try unsafe Secret(count: count) { unsafe draw($0, reseed: true) }
    }

    private func draw(_ output: UnsafeMutableBufferPointer<UInt8>, reseed: Bool) -> Int32 {
        state.withLock { unsafe $0.draw(output, reseed: reseed) }
    }

    /// The callback that mbedTLS's curve operations take, for blinding.
    ///
    /// `context` is this generator, alive since the adapter that calls holds it.
    static let callback:
        @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int) -> Int32 =
            { context, output, count in
                guard let context = unsafe context else { return MBEDTLS_ERR_ECP_RANDOM_FAILED }
                let generator = unsafe Unmanaged<Generator>.fromOpaque(context)
                let buffer = unsafe UnsafeMutableBufferPointer(start: output, count: count)
                return unsafe generator._withUnsafeGuaranteedRef {
                    unsafe $0.draw(buffer, reseed: false)
                }
            }

    /// What `callback` takes as its first argument.
    var callbackContext: UnsafeMutableRawPointer {
        unsafe Unmanaged.passUnretained(self).toOpaque()
    }
}

/// The owner of mbedTLS's generator context.
// Sendable: the context has one owner, and the lock of `Generator` lets one thread at it.
@safe private struct State: ~Copyable, @unchecked Sendable {
    private let context: UnsafeMutablePointer<mbedtls_ctr_drbg_context>
    private let mixer: EntropyMixer
    private var isSeeded = false

    init(sources: [any EntropySource]) {
        unsafe context = .allocate(capacity: 1)
        unsafe mbedtls_ctr_drbg_init(context)
        mixer = EntropyMixer(sources: sources)
    }

    deinit {
        // Wipes the state too.
        unsafe mbedtls_ctr_drbg_free(context)
        unsafe context.deallocate()
    }

    mutating func draw(_ output: UnsafeMutableBufferPointer<UInt8>, reseed: Bool) -> Int32 {
        let code =
            unsafe isSeeded ? (reseed ? mbedtls_ctr_drbg_reseed(context, nil, 0) : 0) : seed()
        guard code == 0 else { return code }
        var rest = unsafe output[...]
        while unsafe !rest.isEmpty {
            let piece = unsafe UnsafeMutableBufferPointer(rebasing: rest.prefix(pieceLimit))
            let code = unsafe mbedtls_ctr_drbg_random(context, piece.baseAddress, piece.count)
            guard code == 0 else { return code }
            unsafe rest = unsafe rest.dropFirst(piece.count)
        }
        return 0
    }

    private mutating func seed() -> Int32 {
        // A failed attempt leaves a context that must be made anew.
        unsafe mbedtls_ctr_drbg_free(context)
        unsafe mbedtls_ctr_drbg_init(context)
        let purpose = Array("latchkey".utf8)
        let code = unsafe mbedtls_ctr_drbg_seed(
            context,
            EntropyMixer.callback,
            Unmanaged.passUnretained(mixer).toOpaque(),
            purpose,
            purpose.count
        )
        isSeeded = code == 0
        // Tunable: draws between reseeds. The library would let ten times as many pass.
        unsafe mbedtls_ctr_drbg_set_reseed_interval(context, 1024)
        return code
    }
}

// SP 800-90A, as mbedTLS sets it: the most that one request may ask for.
private let pieceLimit = Int(MBEDTLS_CTR_DRBG_MAX_REQUEST)

/// Asks every source and hashes what they gave into one entropy input.
///
/// SHA-512 over all of them is at least as hard to foretell as the best of them, so that a constant
/// or hostile hardware source takes nothing away from the kernel's.
private final class EntropyMixer: Sendable {
    private let sources: [any EntropySource]

    init(sources: [any EntropySource]) {
        self.sources = sources
    }

    static let callback:
        @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int) -> Int32 =
            { context, output, count in
                guard let context = unsafe context, let output = unsafe output else {
                    return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED
                }
                let mixer = unsafe Unmanaged<EntropyMixer>.fromOpaque(context)
                let destination = unsafe UnsafeMutableBufferPointer(start: output, count: count)
                return unsafe mixer._withUnsafeGuaranteedRef { unsafe $0.fill(destination) }
            }

    private func fill(_ output: UnsafeMutableBufferPointer<UInt8>) -> Int32 {
        // mbedTLS asks for 48 bytes; more than a digest would be a change we must hear of.
        guard output.count <= digestLength else {
            return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED
        }
        do throws(CryptoError) {
            let digest = try digestOfSources()
            digest.withBytes { bytes in
                for index in 0..<output.count {
                    unsafe output[index] = bytes[byte: index]
                }
            }
            return 0
        } catch {
            return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED
        }
    }

    private func digestOfSources() throws(CryptoError) -> Secret {
        let gathered = try Secret(count: sources.count * digestLength) {
            output throws(CryptoError) in
            for source in sources {
                let part = try Secret(count: digestLength) { part throws(CryptoError) in
                    try source.fill(&part)
                    guard part.freeCapacity == 0 else { throw .noRandomness }
                }
                part.withBytes { bytes in
                    for index in bytes.byteOffsets {
                        output.append(bytes[byte: index])
                    }
                }
            }
        }
        return try gathered.withBytes { bytes throws(CryptoError) in
            try unsafe Secret(count: digestLength) { output in
                unsafe bytes.withUnsafeBytes { input in
                    unsafe mbedtls_sha512_ret(
                        input.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        input.count,
                        output.baseAddress,
                        0
                    )
                }
            }
        }
    }
}

private let digestLength = 64
