internal import ArgumentParser

struct JobCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job",
        abstract: "Store, compare and show jobs.",
        subcommands: [
            JobApply.self, JobPlan.self, JobList.self, JobShow.self, JobVersions.self, JobDiff.self, JobPause.self,
            JobResume.self, JobArchive.self, JobUnarchive.self,
        ]
    )
}

/// Names a job.
struct JobOptions: ParsableArguments {
    @Argument(help: "The job's name.", completion: Candidates.jobs)
    var name: String

    @Option(
        name: .customLong("team"),
        help: "The team that owns it. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

    /// Its path below the API.
    func path() throws -> String {
        for (what, value) in [("the job's name", name), ("--team", team)] {
            guard !value.isEmpty, value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
                throw Failure(
                    .usage,
                    "\(what) is \"\(value)\"; allowed are lower-case letters, digits and -",
                    advice: "See the jobs there are with `slipway job list`."
                )
            }
        }
        return "/jobs/\(team)/\(name)"
    }
}
