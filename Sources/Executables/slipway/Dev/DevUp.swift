internal import ArgumentParser
internal import DevStack

struct DevUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Start what does not run.",
        discussion: """
              slipway dev up                      stays until `slipway dev down`
              slipway dev up --foreground         stays until Ctrl-C
              slipway dev up --simulate           pods only pretend to run: for thousands of them
            """
    )

    @Flag(help: "Stay, and stop everything on Ctrl-C.")
    var foreground = false

    @Option(help: "How many schedulers, dispatchers and workers: 1 to 16.")
    var replicas: Int?

    @Flag(inversion: .prefixedNo, help: "Whether the local cluster only pretends to run pods.")
    var simulate: Bool?

    @Option(help: "A Python environment with the query engine and its client, for the pods.")
    var pythonEnvironment: String?

    @Option(help: "The folder with the runner's Python modules.")
    var runnerPython: String?

    @OptionGroup var appearance: AppearanceOptions

    func run() async throws {
        let stack = try DevCommand.stack { Terminal.note($0) }
        let options = StackOptions(
            replicas: replicas,
            isSimulated: simulate,
            pythonEnvironment: pythonEnvironment,
            runnerPython: runnerPython
        )
        try await DevCommand.translating {
            if foreground {
                try await stack.runInForeground(options, report: { Terminal.note($0) }, isUp: Self.show)
            } else {
                Self.show(try await stack.up(options))
            }
        }
    }

    private static func show(_ addresses: DevStack.Addresses) {
        var facts = Facts()
        facts.add("Dashboard", "\(addresses.api)/")
        facts.add("API", addresses.api)
        facts.add("Kubernetes", addresses.kubernetes)
        facts.add("kubectl", "export KUBECONFIG=\(addresses.kubeconfig)")
        facts.add("Files", addresses.folder)
        facts.add("Next", "slipway job apply FILE, then slipway run create JOB --follow")
        Terminal.print(facts.text)
    }
}
