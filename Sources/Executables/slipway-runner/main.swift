internal import Glibc
internal import Runner

exit(RunnerProgram.run(arguments: Array(CommandLine.arguments.dropFirst())))
