internal import CMbedTLS
public import EDHOC
internal import Glibc

/// A source of unpredictable bytes that seeds the generator: the kernel, or hardware beside it.
///
/// A source that can't deliver throws `.noRandomness`; one that writes less than asked is taken to
/// have failed. Either stops the generator until the source works again.
public protocol EntropySource: Sendable {
    /// Fills `output` to its capacity.
    func fill(_ output: inout OutputRawSpan) throws(CryptoError)
}

/// The kernel's generator, read through getrandom(2).
///
/// It blocks in early boot until the kernel has been seeded, which is what a key needs.
public struct KernelEntropy: EntropySource {
    /// Makes the source; it holds nothing.
    public init() {}

    /// Fills `output` to its capacity.
    public func fill(_ output: inout OutputRawSpan) throws(CryptoError) {
        try unsafe output.withUnsafeMutableBytes { buffer, written throws(CryptoError) in
            while written < buffer.count {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[written...])
                let count = unsafe getrandom(rest.baseAddress, rest.count, 0)
                if count > 0 {
                    written += count
                } else if errno != EINTR {
                    throw .noRandomness
                }
            }
        }
    }
}
