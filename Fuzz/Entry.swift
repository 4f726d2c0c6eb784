// What libFuzzer calls. One program holds all targets; LATCHKEY_FUZZ_TARGET names the one that runs.

import FuzzTargets
import Glibc

private let target: FuzzTarget = {
    guard let name = unsafe getenv("LATCHKEY_FUZZ_TARGET"),
        let target = FuzzTarget(rawValue: unsafe String(cString: name))
    else { fatalError("set LATCHKEY_FUZZ_TARGET to one of \(FuzzTarget.allCases)") }
    return target
}()

/// Runs one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Writes the seeds into the folder LATCHKEY_FUZZ_SEEDS, if there is one, and ends.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
    _ argc: UnsafeMutablePointer<CInt>?,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    guard let folder = unsafe getenv("LATCHKEY_FUZZ_SEEDS") else { return 0 }
    for (number, seed) in target.seeds.enumerated() {
        let path = unsafe "\(String(cString: folder))/seed-\(number)"
        guard let file = unsafe fopen(path, "w") else { fatalError("cannot write \(path)") }
        unsafe fwrite(seed, 1, seed.count, file)
        unsafe fclose(file)
    }
    exit(0)
}
