internal import ArgumentParser

struct Latchkey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latchkey",
        abstract: "Administers a Latchkey server: groups, keys, devices, audit log.",
        discussion: [overview, firstDay, manners, ExitReason.help].joined(separator: "\n\n"),
        version: Version.current,
        subcommands: [
            StatusCommand.self, GroupCommand.self, KeySpecCommand.self, BundleCommand.self,
            DeviceCommand.self, KeyCommand.self, CampaignCommand.self, NoticesCommand.self,
            PolicyCommand.self,
            AnchorCommand.self, AuditCommand.self,
        ]
    )

    private static let overview = flowing(
        """
        The server makes a key for each device of a fleet and hands it over end to end. A group says
        which devices belong together, a key spec what each of them shall hold, a bundle lets a new
        device in.
        """
    )

    private static let firstDay = """
        A FIRST DAY
          latchkey group create hall
          latchkey key-spec create data --group hall --algorithm aes-256
          latchkey bundle create --group hall --uses 5 --output hall.bundle
          latchkey device list --group hall
          latchkey key rotate --group hall --key data --wait 30

        A CAMPAIGN OVER MANY DEVICES
          latchkey campaign create spring --key data --where 'group=hall' --rate 60/min
          latchkey campaign plan spring
          latchkey campaign start spring
          latchkey campaign watch spring
        """

    private static let manners = flowing(
        """
        The command talks to the server on this machine through a Unix socket,
        \(ServerOptions.standardSocket) unless --socket or $LATCHKEY_SOCKET names another. Times are
        UTC; durations are written 90s, 15m, 1h or 30d.
        """
    )
}

/// This command's version.
enum Version {
    static let current = "0.1.0"
}

/// The end of a command's help: how it is used, and what its exit code means.
func lesson(_ text: String = "", examples: String...) -> String {
    let heading = examples.count == 1 ? "EXAMPLE" : "EXAMPLES"
    let lines = [heading] + examples.map { "  " + $0 }
    let parts = [flowing(text), lines.joined(separator: "\n"), ExitReason.help]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
}

/// One paragraph on one line, for the help to break where the terminal ends.
private func flowing(_ paragraph: String) -> String {
    paragraph.split(separator: "\n").joined(separator: " ")
}
