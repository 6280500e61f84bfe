internal import ArgumentParser
internal import Simulation

/// A long campaign of simulated scenarios.
@main
struct SlipwaySimulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway-simulate",
        abstract: "Runs the services under a virtual clock with faults, one scenario a seed."
    )

    @Option(help: "How many seeds are tried.")
    var seeds: UInt64 = 10_000

    @Option(help: "The first seed.")
    var first: UInt64 = 1

    @Option(help: "No seed is begun after so many minutes.")
    var minutes = 60

    @Option(help: "How many seeds are tried at once.")
    var threads = 2

    @Option(help: "A fault planted on purpose: 1 no fencing, 2 early acks, 4 no sweeps, 8 no uids, 16 forgotten runs.")
    var flaw = 0

    @Option(help: "The campaign ends after so many failures.")
    var failures = 1

    @Flag(help: "Shows the whole end of the first seed's record.")
    var verbose = false

    func run() async throws {
        if verbose {
            do {
                let outcome = try Simulation.run(seed: first, flaws: Flaws(rawValue: flaw), isVerbose: true)
                print(outcome.tail.joined(separator: "\n"))
                print(outcome)
            } catch let failure as Simulation.Failure {
                print(failure.tail.joined(separator: "\n"))
                print(failure.cause)
                throw ExitCode.failure
            }
            return
        }
        let campaign = Campaign(
            seeds: first...(first + max(1, seeds) - 1),
            limit: .seconds(60 * minutes),
            flaws: Flaws(rawValue: flaw),
            maximumFailures: failures,
            found: { print($0) }
        )
        let started = ContinuousClock.now
        let result = await campaign.run(threads: threads)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        print(
            "\(result.seeds) seeds in \(seconds) s, \(result.runs) runs, \(result.steps) steps, "
                + "\(result.virtualSeconds) s of virtual time, \(result.executedAgain) runs executed again, "
                + "\(result.failures.count) failures"
        )
        if !result.seedsExecutedAgain.isEmpty { print("executed again in seeds \(result.seedsExecutedAgain.sorted())") }
        if !result.failures.isEmpty { throw ExitCode.failure }
    }
}
