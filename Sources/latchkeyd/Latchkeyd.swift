internal import ArgumentParser
internal import ServerKit

/// The provisioning server.
@main
struct Latchkeyd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkeyd",
        abstract: "The Latchkey server: makes keys for devices and hands them over MQTT.",
        discussion: """
            Begin with `latchkeyd init`, which makes a fleet and a configuration file; then start the \
            broker, and `latchkeyd run`. Everything else is done with `latchkey`.

            \(exitCodes)
            """,
        version: ServerVersion.text,
        subcommands: [Init.self, Run.self, CheckConfig.self]
    )
}

/// For the end of each command's help.
let exitCodes = """
    Exit codes: 0 all is well, 1 it failed and says why, 64 wrong usage, \
    78 the configuration, or a file that it names, is wrong.
    """
