internal import Glibc
internal import LatchkeyCLI

exit(await CommandLineTool.run(Array(CommandLine.arguments.dropFirst())))
