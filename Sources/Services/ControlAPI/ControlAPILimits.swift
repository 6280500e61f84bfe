/// The bounds of the API server.
package struct ControlAPILimits: Sendable {
    /// The largest request body.
    package var bodyBytes = 1 << 20
    /// How long the body of a request may take to come.
    package var bodyPatience: Duration = .seconds(30)
    /// How often streams of lists look for changes.
    package var listInterval: Duration = .seconds(1)
    /// Streams that follow a list at once.
    package var listFollowers = 200
    /// How many of them may be one caller's.
    package var listFollowersOfOne = 50
    /// Runs created by one bulk request.
    package var runsPerRequest = 1000
    /// Runs stored by one commit.
    package var runsPerCommit = 1000
    /// Runs that wait for a commit; beyond that the API answers 503.
    package var waitingRuns = 20_000
    /// The largest page of a list.
    package var pageRows = 500
    /// Log lines of one page: chunks read at once.
    package var logChunksPerPage = 64
    /// Text of the last lines of a log that one request gets.
    package var logTailBytes = 8 << 20
    /// The longest value of an output that a list shows, in bytes of JSON; all that it shows have at most sixteen times as many.
    package var listedOutputBytes = 64 << 10
    /// Pages looked through by one request that wants few of their lines.
    package var logSearchPages = 16
    /// Lines that are enough for such a request.
    package var logSearchLines = 500
    /// Events shown with one run.
    package var eventsPerRun = 2000
    /// Warnings shown with one run; all have a list of their own.
    package var warningsPerRun = 5
    /// Streams that follow a run at once.
    package var followers = 2000
    /// How often followed runs are looked at.
    package var followInterval: Duration = .milliseconds(250)
    /// A silent stream says that it is alive this often.
    package var keepAlive: Duration = .seconds(15)
    /// How old what is known of waiting runs may be when somebody asks.
    package var admissionAge: Duration = .seconds(1)
    /// It is forgotten once nobody has asked for so long.
    package var admissionMemory: Duration = .seconds(300)
    /// How long the current version of a job may be remembered.
    package var jobMemory: Duration = .seconds(1)
    /// Jobs remembered.
    package var rememberedJobs = 1000
    /// About what remembered jobs may take up in memory; twice as much with versions that are not current.
    package var rememberedJobBytes = 64 << 20
    /// How long what is known of a token, a session or a membership may be remembered: a change elsewhere holds after this.
    package var accessMemory: Duration = .seconds(5)
    /// How long people stay logged in.
    package var sessionLength: Duration = .seconds(12 * 3600)
    /// The shortest time between two requests for the keys of a provider of identities.
    package var identityKeysPause: Duration = .seconds(10)
    /// How old the keys of a provider of identities may be, as long as it can be asked for newer ones.
    package var identityKeysMemory: Duration = .seconds(3600)
    /// How long the state and the load of clusters may be remembered.
    package var clusterMemory: Duration = .seconds(2)
    /// The most differences between two versions that are told.
    package var differences = 1000
    /// The longest value of a difference that is told, in bytes of JSON.
    package var differenceBytes = 16 << 10

    package init() {}
}
