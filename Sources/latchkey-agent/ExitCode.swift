internal import Glibc
internal import KeyStore

/// The exit codes; scripts and the service manager rely on them.
enum ExitCode: CInt, CaseIterable {
    case done = 0
    case failed = 1
    case refused = 2
    case noAnswer = 3
    case badStore = 4
    case notEnrolled = 5
    case busy = 6
    case badBundle = 7
    case retired = 10
    case usage = 64

    /// What `--help` says about it.
    var meaning: String {
        switch self {
        case .done: "done, or nothing to do"
        case .failed: "failed for another reason, which the message names"
        case .refused: "the server refuses, or the request does not fit this device"
        case .noAnswer: "the broker or the server did not answer in time; try again"
        case .badStore: "the state folder can't be used: permissions, damage, no room"
        case .notEnrolled: "no device is set up here: run enrol first"
        case .busy: "another latchkey-agent works on the state folder"
        case .badBundle: "the bundle can't be used"
        case .retired: "this device is retired and must not run again"
        case .usage: "wrong arguments"
        }
    }

    /// The list for `--help`.
    static let list = allCases.map { code in
        let number = "\(code.rawValue)"
        return "  " + number + String(repeating: " ", count: 5 - number.count) + code.meaning
    }.joined(separator: "\n")

    init(_ error: StoreError) {
        switch error.code {
        case .locked: self = .busy
        case .refused: self = .refused
        case .empty: self = .notEnrolled
        case .tooOpen, .notPermitted, .full, .corrupt, .newerFormat, .noKey: self = .badStore
        case .system: self = .failed
        }
    }
}

/// Ends the program with a code and a message.
struct Failure: Error {
    let code: ExitCode
    let message: String

    init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: StoreError) { self.init(ExitCode(error), error.detail) }
}
