internal import ArgumentParser
internal import Benchmark

struct ClientsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clients",
        abstract: "Measure the clients of PostgreSQL, RabbitMQ and Kubernetes against their servers' limits.",
        discussion: """
            Each figure stands beside what the plainest program gets from the same server for the same requests, right after: \
            pgbench, a loop over librabbitmq, a loop over libcurl. Everything is done in a schema, a queue and namespaces of its \
            own, which are removed at the end.

            The servers are those of `slipway dev`, unless an address is given; then only what has an address is measured.
            """
    )

    enum Client: String, ExpressibleByArgument, CaseIterable {
        case postgres, amqp, kubernetes
    }

    @Option(help: "The database: postgres://user:password@host:port/database.")
    var postgresURL: String?

    @Option(help: "The broker: amqp://user:password@host:port/virtual-host.")
    var amqpURL: String?

    @Option(help: "The cluster's API server: http://host:port.")
    var kubernetesURL: String?

    @Option(help: "Only this client; may be repeated.")
    var only: [Client] = []

    @Option(help: "How long each figure is measured in a round, in seconds: 1 to 600.")
    var seconds = ClientsPlan().seconds

    @Option(help: "How often everything is measured: 1 to 100. The best round of each figure counts.")
    var rounds = ClientsPlan().rounds

    @Flag(help: "Print every figure as JSON.")
    var json = false

    @OptionGroup var stack: StackOptions

    func validate() throws {
        try RangeCheck.check("--seconds", seconds, ClientsPlan.Limits.seconds)
        try RangeCheck.check("--rounds", rounds, ClientsPlan.Limits.rounds)
    }

    func run() async throws {
        let report = try await ClientsBenchmark(plan: try plan()) { Terminal.note($0) }.run()
        Terminal.print(json ? try report.json() : report.text)
    }

    private func plan() throws -> ClientsPlan {
        var plan = ClientsPlan()
        plan.seconds = seconds
        plan.rounds = rounds
        if postgresURL == nil, amqpURL == nil, kubernetesURL == nil {
            let stack = try stack.stack()
            plan.postgresURL = stack.postgresURL
            plan.amqpURL = stack.amqpURL
            plan.kubernetes = .kubeconfig(stack.kubeconfig)
        } else {
            plan.postgresURL = postgresURL
            plan.amqpURL = amqpURL
            plan.kubernetes = kubernetesURL.map { .url($0) }
        }
        guard !only.isEmpty else { return plan }
        if !only.contains(.postgres) { plan.postgresURL = nil }
        if !only.contains(.amqp) { plan.amqpURL = nil }
        if !only.contains(.kubernetes) { plan.kubernetes = nil }
        return plan
    }
}
