/// The command line of `slipway-runner`.
enum RunnerArguments: Hashable {
    case help
    case version
    /// `file`: where the assignment is; `nil` for the environment.
    case showConfiguration(file: String?)
    case execute(file: String?)
    case wrong(String)

    static func parse(_ arguments: [String]) -> RunnerArguments {
        var rest = arguments[...]
        var file: String?
        var isListing = false
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h": return .help
            case "--version": return .version
            case "--show-config": isListing = true
            case "--assignment":
                guard let path = rest.popFirst() else { return .wrong("--assignment needs the path of a JSON file") }
                file = path
            case _ where argument.hasPrefix("--assignment="):
                file = String(argument.dropFirst("--assignment=".count))
            default:
                return .wrong(
                    "unknown argument \"\(argument)\"; known are --assignment, --show-config, --version and --help"
                )
            }
        }
        return isListing ? .showConfiguration(file: file) : .execute(file: file)
    }

    static let helpText = """
        slipway-runner executes the tasks of one run. It is the first process of a run's container; people start it
        only to try an assignment.

        USAGE
          slipway-runner [--assignment FILE] [--show-config] [--version] [--help]

        OPTIONS
          --assignment FILE  The assignment as a JSON file instead of the environment variable SLIPWAY_ASSIGNMENT.
          --show-config      Print the limits and the names of tasks and variables, no values, and stop.

        WHAT IT DOES
          It executes the tasks in order and writes one JSON line a record to its standard output: task states, log
          lines, progress, warnings, outputs. Lines are numbered from 1 without gaps. The last one is the summary, which
          is also written to the termination message file. Tasks never hold this output themselves.

        WHAT A COMMAND FINDS IN ITS ENVIRONMENT
          SLIPWAY_RUN_ID, SLIPWAY_TASK   the run's id and the task's name
          SLIPWAY_VAR_<NAME>             each variable of the job
          SLIPWAY_OUTPUT                 a file for outputs: name=value lines, or one JSON object

        WHAT SQL AND PYTHON FIND
          SQL: variables as named parameters, such as :from_date, and :item with for_each.
          Python: spark (connected when the script mentions it) and context (variables, item, outputs, warnings, progress).
          Both need python3 with the modules slipway_runner and pyspark.

        EXIT CODE
          0 all tasks succeeded   1 a task failed   2 Sail, storage or the runner failed   143 the run was cancelled
          64 wrong use

        EXAMPLE
          SLIPWAY_ASSIGNMENT='{"run_id":"00000000-0000-7000-8000-000000000000","placement":1,"job":"hello",
            "tasks":[{"name":"hello","action":{"command":["echo","hello"]},"env":{},"allow_failure":false,
            "output":{"row_limit":0}}],"variables":{},"termination_message_path":"/tmp/summary.json",
            "limits":{"log_line_bytes":16384,"log_task_bytes":67108864,"output_bytes":1048576,"grace_seconds":10}}' \\
            slipway-runner
        """
}
