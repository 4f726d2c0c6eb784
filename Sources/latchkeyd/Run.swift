internal import ArgumentParser
internal import Logging
internal import ServerKit

/// Runs the server.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server until SIGTERM or SIGINT.",
        discussion: """
            Work that is under way is finished first, for five seconds at the most. Log lines go to \
            standard error.

            Example:
              latchkeyd run --config /var/lib/latchkey/data/latchkeyd.toml

            \(exitCodes)
            """
    )

    @Option(help: "The configuration file that `latchkeyd init` has written.")
    var config: String

    func validate() throws { try checkGiven(config, "--config") }

    func run() async throws {
        closeNewFiles()
        try await reportingFaults {
            let configuration = try ServerConfiguration(file: absolute(config))
            LoggingSystem.bootstrap { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = configuration.logLevel
                return handler
            }
            let logger = Logger(label: "latchkeyd")
            #if DEBUG
            let server = Server(configuration, logger: logger, faults: try Fate.faults())
            #else
            let server = Server(configuration, logger: logger)
            #endif
            try await server.run()
        }
    }
}

/// Checks a configuration file.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Read a configuration file and say what is wrong with it.",
        discussion: """
            Checks the settings alone: files and folders that they name are looked at by `run`.

            Example:
              latchkeyd check-config --config /var/lib/latchkey/data/latchkeyd.toml

            \(exitCodes)
            """
    )

    @Option(help: "The configuration file.")
    var config: String

    func validate() throws { try checkGiven(config, "--config") }

    func run() async throws {
        try await reportingFaults {
            _ = try ServerConfiguration(file: absolute(config))
            print("\(config): all settings are good")
        }
    }
}
