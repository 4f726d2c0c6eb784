/// The program's version, also in its reports to the server.
let version = "0.1.0"

/// What `--help` says.
enum Help {
    static let overview = """
        latchkey-agent keeps the keys of this device as its fleet's server wants them.

        USAGE
          latchkey-agent COMMAND [OPTIONS]

        COMMANDS
          enrol    join a fleet with a bundle from its admin
          run      keep the keys up to date, until told to stop
          status   show who this device is and how far it has got
          keys     list the keys on this device, never their material
          wipe     remove everything from this device

          latchkey-agent COMMAND --help tells more; latchkey-agent --version shows the version.

        EXAMPLE
          latchkey-agent enrol --bundle lamps.bundle --name lamp-17
          latchkey-agent run

        STATE FOLDER
          --state DIR, else $STATE_DIRECTORY, else /var/lib/latchkey-agent. It belongs to the user that
          runs the agent and to nobody else (mode 0700).

        EXIT CODES
        \(ExitCode.list)
        """

    static let enrol = """
        Joins a fleet. Makes this device's identity, proves with the bundle that it may join, and stores
        the first keys. A repeat is the same device and does no harm; once enrolled, it does nothing.

        USAGE
          latchkey-agent enrol --bundle FILE [OPTIONS]

        OPTIONS
          --bundle FILE      the bundle that the admin made with: latchkey bundle create
          --name NAME        the device's name for life: 1 to 64 of a-z, 0-9 and '-'
                             (default: this host's name)
          --timeout SECONDS  give up after so long (default 60); run goes on by itself
          --session-limit SECONDS
                             how long one conversation with the server may take before it is begun
                             again (default 30); what got no answer is sent again after a thirtieth
          --hook PATH        a command that tries each new key before the device commits to it; see
                             latchkey-agent run --help (else $LATCHKEY_HOOK)
          --hook-timeout SECONDS
                             how long it may take (default 10)
          --prepare          make the identity and print its line for latchkey device import, then stop:
                             for bundles without a token
          --wipe             remove what an earlier enrolment left, its keys included
          --state DIR        the state folder
          --verbose          more lines on standard error

        EXAMPLE
          latchkey-agent enrol --bundle lamps.bundle --name lamp-17

        EXIT CODES
        \(ExitCode.list)
        """

    static let run = """
        Keeps the keys up to date: talks with the server at the start, when nudged, and now and then.
        Works without a network and without a clock, and tries again for ever. If the device is not
        enrolled yet, it goes on with that first.

        USAGE
          latchkey-agent run [OPTIONS]

        OPTIONS
          --contact-interval SECONDS  between two contacts without a reason, give or take a tenth
                                      (default 21600)
          --nudge-delay MS            the longest random pause after a nudge (default 0)
          --session-limit SECONDS     how long one conversation with the server may take before it is
                                      begun again (default 30); what got no answer is sent again after
                                      a thirtieth of it
          --hook PATH                 a command that tries each new key before the device commits to it;
                                      see below (else $LATCHKEY_HOOK)
          --hook-timeout SECONDS      how long it may take over one key (default 10, else
                                      $LATCHKEY_HOOK_TIMEOUT)
          --runtime DIR               a folder in memory that remembers over restarts of the agent when
                                      the server was last heard, for keys with a lease (else
                                      $RUNTIME_DIRECTORY, else latchkey-agent in $XDG_RUNTIME_DIR or /run)
          --state DIR                 the state folder
          --verbose                   more lines on standard error

        EXAMPLE
          latchkey-agent run --contact-interval 3600

        HOOK
          PATH NAME EPOCH ALGORITHM, with the key's bytes on standard input. Exit code 0 takes the key.
          With any other, a signal, or no end in time (it is killed with all that it has started), the new key is
          destroyed, the device stays on the old one, and the server hears hookFailed. Its output goes
          nowhere, its environment is bare. Program and folders must not be writable by other users.

        SIGTERM and SIGINT end it in good order (exit code 0). Exit code 10 says that the device is
        retired: with systemd, RestartPreventExitStatus=10.

        EXIT CODES
        \(ExitCode.list)
        """

    static let status = """
        Shows who this device is and how far it has got. Works beside a running agent, and offline.

        USAGE
          latchkey-agent status [--json] [--state DIR] [--runtime DIR]

        LENDING
          full       encrypts, signs, decrypts, verifies
          readOnly   decrypts and verifies: pending, or superseded
          suspended  not lent: the server has suspended it
          leaseOver  not lent: the server was not heard for longer than the key's lease
          notHeard   not lent: it has a lease, and the server was not heard since the device started

        EXAMPLE
          latchkey-agent status --json | jq .state

        EXIT CODES
        \(ExitCode.list)
        """

    static let keys = """
        Lists the keys on this device: name, epoch, state, algorithm, use and thumbprint (RFC 9679), which
        equals the one that the server shows. Never the key itself. Works beside a running agent.

        USAGE
          latchkey-agent keys [--json] [--state DIR]

        STATES
          pending   stored, not in use yet
          primary   in use
          grace     superseded: decrypts and verifies until its grace ends
          suspended kept and not used, until the server resumes or destroys it

        EXAMPLE
          latchkey-agent keys --json | jq -r '.[] | select(.state == "primary").thumbprint'

        EXIT CODES
        \(ExitCode.list)
        """

    static let wipe = """
        Removes the identity and all keys from this device; the key that opens the records goes first.
        The server still knows the device: have it retired there, too.

        USAGE
          latchkey-agent wipe --yes [--state DIR]

        EXAMPLE
          latchkey-agent wipe --yes --state ./lamp-1

        EXIT CODES
        \(ExitCode.list)
        """
}
