/// The bounds of a job file, in one place.
package struct JobLimits: Sendable, Hashable {
    package static let standard = JobLimits()

    /// Of the text of one file.
    package var fileBytes = 512 << 10
    /// Mappings and lists inside each other.
    package var depth = 32
    package var documents = 100
    /// Errors told at once.
    package var errors = 20
    /// Characters of a wrong value that an error repeats.
    package var errorValueCharacters = 80

    package var tasks = 2000
    /// How many tasks of a job, or items of a task, execute side by side.
    package var parallelism = 1...64
    package var variables = 100
    package var environmentVariables = 200
    package var environmentValueBytes = 32 << 10
    package var tags = 32
    package var annotations = 32
    package var annotationsBytes = 64 << 10
    package var nodeSelectorTerms = 32
    package var tolerations = 32
    package var sailSettings = 100
    package var schedules = 100
    package var commandWords = 1000
    package var descriptionCharacters = 4000
    package var pathCharacters = 1024
    package var outputRows = 0...10_000
    package var requirements = 100
    package var requirementCharacters = 500

    package var priorities = AdmissionLimits.standard.priorities
    package var concurrentRuns = 1...100_000
    package var limitKeys = 8
    package var limitKeyCharacters = 500
    /// Of a computed key.
    package var limitKeyBytes = 200
    package var rateLimitRuns = 1...AdmissionLimits.standard.rateLimitCount
    package var windows = 50
    package var credentials = 16
    package var failuresInARow = 1...100

    package var cpuMillicores = 1...1_024_000
    package var memoryBytes = (4 << 20)...(16 << 40)
    package var timeoutSeconds = 1...(30 * 86_400)
    package var retries = 0...20

    package var clusterLabels = 32
    package var clusterTeams = 500
    /// Runs that a cluster's capacity or window may allow.
    package var clusterRuns = 1...1_000_000
    /// Millicores or bytes of a cluster's capacity.
    package var clusterAmount = 1...(1 << 60)
    package var requestsPerSecond = 1...100_000

    /// Of the names and final values of all variables of one run as JSON.
    package var variablesBytes = 16 << 10
    /// Of what a runner's assignment holds besides what the job says and the variables.
    package var assignmentFrameBytes = 4096
    /// Of what a runner's assignment says of a task, besides its name and outputs, that an earlier run executed.
    package var carriedTaskBytes = 100

    package init() {}
}
