internal import ArgumentParser
internal import DevStack
internal import FoundationEssentials
internal import Glibc

/// The command line of Slipway. A folder is a noun, a file a verb.
@main
struct Slipway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slipway",
        abstract: "Runs data jobs on Kubernetes.",
        discussion: """
            A job is a file: what to run, on which engine, with which variables. Each execution of it is a run.

              slipway dev up                         start everything on this machine
              slipway job apply report.yaml          store a job
              slipway run create report --follow     run it and watch
              slipway run list --state failed        what went wrong
              slipway run logs 0192b1c4 --follow     what it writes
              slipway top                            what goes on now

            The API's address is --server, else that of --context, else SLIPWAY_SERVER, else that of the context that holds, \
            else that of `slipway dev`, else http://127.0.0.1:8080. Its token is SLIPWAY_TOKEN, else what `slipway login` stored. \
            Who asks is SLIPWAY_ACTOR, else the name you are logged in with.

            EXIT CODES
              0   done; a run that was waited for succeeded
              10  the run failed, or `doctor` found a violation
              11  the run timed out, or `doctor` has only warnings
              12  the run was cancelled      64  wrong usage
              65  the file or the values were refused
              66  there is no such thing
              69  the API is unreachable     70  the API or this program failed
              75  the API is busy or its database is away; try again
              77  the token is missing or wrong
            """,
        subcommands: [
            JobCommand.self, RunCommand.self, ScheduleCommand.self, TeamCommand.self, QuotaCommand.self,
            CredentialCommand.self, WebhookCommand.self, RetentionCommand.self, ClusterCommand.self, TokenCommand.self,
            ServiceAccountCommand.self, AuditCommand.self, WhoamiCommand.self, ContextCommand.self, LoginCommand.self,
            LogoutCommand.self, TopCommand.self, AdminCommand.self, DoctorCommand.self, DevCommand.self,
            VersionCommand.self, CompletionCommand.self,
        ]
    )

    @Flag(name: .customLong("version"), help: "Print the version.")
    var showsVersion = false

    @Flag(
        name: .customLong("show-config"),
        help: "Print which context holds, which API is spoken to, and where each setting comes from."
    )
    var showsConfiguration = false

    func run() throws {
        if showsVersion {
            Terminal.print("slipway \(VersionCommand.own)")
        } else if showsConfiguration {
            try Terminal.print(Self.configurationText())
        } else {
            throw CleanExit.helpRequest(self)
        }
    }

    private static func configurationText() throws -> String {
        let target = try Surroundings.target(server: nil)
        let chosen = try Surroundings.chosen()
        let environment = ProcessInfo.processInfo.environment
        let folder = try StackFolder.standard(environment)
        let actor = try ServerOptions.actor(environment)
        if let output = environment["SLIPWAY_OUTPUT"], !output.isEmpty { _ = try OutputFormat(output) }
        return """
            context = \(chosen?.name ?? "<unset>")  # \(chosen?.origin ?? Surroundings.configurationPath)
            server = \(target.address)  # \(target.addressOrigin)
            token = \(target.token.isEmpty ? "<unset>" : "<set>  # \(target.tokenOrigin)")
            team = \(Surroundings.team)
            actor = \(actor.name.isEmpty ? "<unset>" : actor.name)  # \(actor.origin)
            dev.state = \(folder.path)  # \(environment["SLIPWAY_STATE"] == nil ? "default" : "SLIPWAY_STATE")
            """
    }

    static func main() async {
        // A reader that leaves early, such as `head`, ends this program quietly.
        signal(SIGPIPE, SIG_DFL)
        do {
            var command = try await asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.fail(failure)
        } catch let request as ExitRequest {
            Glibc.exit(request.status.rawValue)
        } catch let request as UnsentRequest {
            request.show()
        } catch {
            exit(withError: error)
        }
    }
}
