/// The parsers and machines that read what a stranger may have written.
///
/// `run` takes any bytes and returns; a trap is a finding. Where two ways of reading must agree, it
/// checks that, too.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Strict CBOR: what is accepted is written back byte for byte.
    case cbor
    /// A credential, a credential's name, EAD items.
    case credential
    /// EDHOC message_1 at a responder.
    case message1
    /// EDHOC message_2 at an initiator.
    case message2
    /// EDHOC message_3 at a responder.
    case message3
    /// EDHOC message_4 at an initiator.
    case message4
    /// An EDHOC error message.
    case error
    /// One payload as the carrier delivers it.
    case frame
    /// Payloads at a device, past authentication too.
    case device
    /// Payloads at a server, past authentication too.
    case server
    /// The file that an admin gives to a device.
    case bundle
    /// The plaintext of a session message.
    case message
    /// A signed order.
    case order
    /// The announcement of an anchor.
    case anchor

    /// Reads the input in every way that this target has.
    public func run(_ input: [UInt8]) {
        switch self {
        case .cbor: CBORFuzz.run(input)
        case .credential: HandshakeFuzz.credential(input)
        case .message1: HandshakeFuzz.message1(input)
        case .message2: HandshakeFuzz.message2(input)
        case .message3: HandshakeFuzz.message3(input)
        case .message4: HandshakeFuzz.message4(input)
        case .error: HandshakeFuzz.error(input)
        case .frame: SessionFuzz.frame(input)
        case .device: SessionFuzz.device(input)
        case .server: SessionFuzz.server(input)
        case .bundle: SessionFuzz.bundle(input)
        case .message: SignedFuzz.message(input)
        case .order: SignedFuzz.order(input)
        case .anchor: SignedFuzz.anchor(input)
        }
    }

    /// Good inputs for a fuzzer to begin with.
    public var seeds: [[UInt8]] {
        switch self {
        case .cbor: CBORFuzz.seeds
        case .credential: HandshakeFuzz.credentialSeeds
        case .message1: HandshakeFuzz.messageSeeds.map { $0[0] }
        case .message2: HandshakeFuzz.messageSeeds.map { $0[1] }
        case .message3: HandshakeFuzz.messageSeeds.map { $0[2] }
        case .message4: HandshakeFuzz.messageSeeds.map { $0[3] }
        case .error: HandshakeFuzz.errorSeeds
        case .frame: SessionFuzz.transcripts.flatMap { $0.up + $0.down }
        case .device: SessionFuzz.transcripts.map { SessionFuzz.join($0.choice, $0.down) }
        case .server: SessionFuzz.transcripts.map { SessionFuzz.join($0.choice, $0.up) }
        case .bundle: SessionFuzz.bundleSeeds
        case .message: SignedFuzz.messageSeeds
        case .order: SignedFuzz.orderSeeds
        case .anchor: SignedFuzz.anchorSeeds
        }
    }
}
