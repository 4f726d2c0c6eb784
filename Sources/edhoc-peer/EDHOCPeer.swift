internal import ArgumentParser
internal import EDHOC

/// One side of one EDHOC handshake, over standard input and output.
@main
struct EDHOCPeer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edhoc-peer",
        abstract: "One side of an EDHOC handshake (RFC 9528), for trying other implementations.",
        discussion: """
            Messages go out and come in as one line of hexadecimal each, an EDHOC error message \
            too. The last line is JSON: the result and exit code 0, or {"error": …} and exit \
            code 1. Keys stand on the command line, where every user of the machine can read \
            them: use keys made for the purpose.
            """,
        subcommands: [InitiatorCommand.self, ResponderCommand.self]
    )
}

/// `edhoc-peer initiator`.
struct InitiatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "initiator",
        abstract: "Starts the handshake and sends message_1 at once."
    )

    @OptionGroup var options: PeerOptions

    func run() throws {
        try Wire.conclude { try InitiatorSide(options).run() }
    }
}

/// `edhoc-peer responder`.
struct ResponderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "responder",
        abstract: "Waits for message_1 and answers."
    )

    @OptionGroup var options: PeerOptions

    func run() throws {
        try Wire.conclude { try ResponderSide(options).run() }
    }
}
