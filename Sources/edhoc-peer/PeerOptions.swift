internal import ArgumentParser
internal import BoringCrypto
internal import EDHOC
internal import MbedCrypto
internal import Secrets

/// What both sides are told on the command line.
struct PeerOptions: ParsableArguments {
    @Option(help: "0: both sign, 1: the responder uses static DH, 2: the initiator does, 3: both.")
    var method: MethodNumber
    @Option(help: "SUITES_I of the initiator, by preference, the selected suite last.")
    var suites: SuiteList?
    @Option(help: "The suites of the responder; all that the library has, when left out.")
    var supported: SuiteList?
    @Option(help: "This side's raw private key.")
    var key: HexBytes
    @Option(help: "This side's CRED_x, one CBOR item.")
    var cred: HexBytes
    @Option(help: "This side's ID_CRED_x, the full map.")
    var idCred: HexBytes
    @Option(help: "The peer's CRED_x, one CBOR item.")
    var peerCred: HexBytes
    @Option(help: "The peer's ID_CRED_x, the full map.")
    var peerIDCred: HexBytes
    @Option(help: "The peer's x-coordinate or raw public key, where its credential is opaque.")
    var peerKey: HexBytes?
    @Option(help: "This side's raw connection identifier; one random byte string, when left out.")
    var cid: HexBytes?
    @Option(help: "Encoded EAD items for message_1.")
    var ead1: HexBytes?
    @Option(help: "Encoded EAD items for message_2.")
    var ead2: HexBytes?
    @Option(help: "Encoded EAD items for message_3.")
    var ead3: HexBytes?
    @Option(help: "Encoded EAD items for message_4.")
    var ead4: HexBytes?
    @Option(help: "Labels of critical EAD items to accept, with commas between them.")
    var understood: LabelList?
    @Option(name: .customLong("message-4"), help: "Whether message_4 is used.")
    var message4: Answer = .yes
    @Option(help: "The crypto library: mbedtls or boringssl.")
    var crypto: Library = .mbedtls

    /// `yes` or `no`.
    enum Answer: String, ExpressibleByArgument, CaseIterable {
        case yes
        case no
    }

    /// A crypto library by its name.
    enum Library: String, ExpressibleByArgument, CaseIterable {
        case mbedtls
        case boringssl

        var crypto: any Crypto {
            switch self {
            case .mbedtls: MbedCrypto()
            case .boringssl: BoringCrypto()
            }
        }
    }
}

/// The number of a method.
struct MethodNumber: ExpressibleByArgument {
    let method: Method

    init?(argument: String) {
        guard let method = UInt8(argument).flatMap(Method.init(rawValue:)) else { return nil }
        self.method = method
    }
}

/// Bytes in hexadecimal.
struct HexBytes: ExpressibleByArgument {
    let bytes: [UInt8]

    init?(argument: String) {
        guard let bytes = Hex.decode(argument) else { return nil }
        self.bytes = bytes
    }
}

/// Numbers of suites with commas between them.
struct SuiteList: ExpressibleByArgument {
    let suites: [CipherSuite.ID]

    init?(argument: String) {
        let numbers = argument.split(separator: ",").map { Int($0) }
        guard !numbers.isEmpty, numbers.count <= CipherSuite.maximumListed,
            Set(numbers).count == numbers.count
        else { return nil }
        var suites: [CipherSuite.ID] = []
        for number in numbers {
            guard let number else { return nil }
            suites.append(CipherSuite.ID(rawValue: number))
        }
        self.suites = suites
    }
}

/// Labels of EAD items with commas between them.
struct LabelList: ExpressibleByArgument {
    let labels: Set<Int>

    init?(argument: String) {
        let numbers = argument.split(separator: ",").compactMap { Int($0) }
        guard numbers.count == argument.split(separator: ",").count else { return nil }
        labels = Set(numbers)
    }
}
