internal import RunStore
internal import SlipwayCore

/// A run that a client asks for, as the body tells it.
struct RunRequest: Sendable {
    var job: String
    var team: String
    /// `nil` takes the current one.
    var version: Int?
    var variables: [String: JSONValue]
    var overrides: RunOverrides
    var why: String?
    /// Where it stands in the body, such as `runs[3]`; empty for the body itself.
    var path: String

    /// - Parameter errors: gets what is wrong with it.
    init(_ value: JSONValue, path: String = "", errors: inout [FieldError]) {
        var reader = ObjectReader(value, path: path)
        job = reader.string("job")
        team = reader.string("team", default: "default")
        version = reader.optionalInteger("version", allowed: 1...Int(Int32.max))
        variables = reader.values("variables")
        overrides = RunOverrides(timeouts: reader.timeouts("timeouts"))
        why = reader.why()
        self.path = path
        errors += reader.finish()
    }
}

/// Makes runs of what clients ask for.
struct RunFactory: Sendable {
    let directory: JobDirectory
    let clusters: ClusterDirectory
    let identifiers: RunIdentifiers

    /// - Parameter id: the run's id; `nil` makes one.
    /// - Throws: ``Problem`` if the job or the version does not exist, the caller may not run it, the variables do not fit, or no
    ///   cluster takes it.
    func run(_ request: RunRequest, as id: RunID? = nil, for call: Call) async throws -> NewRun {
        let unknown = Problem.jobNotFound(team: request.team, name: request.job)
        try call.require(.submitter, in: request.team, orElse: unknown)
        guard let job = try await directory.job(team: request.team, name: request.job) else {
            throw unknown
        }
        guard job.archivedAt == nil else { throw Problem.jobArchived(team: job.team, name: job.name) }
        let version = request.version ?? job.currentVersion
        let spec = try await spec(of: job, version: version)
        let variables = try Self.variables(path: request.path) { () throws(RunVariableErrors) in
            try RunVariables.resolve(spec, run: request.variables)
        }
        let admission = AdmissionRequest(spec.applying(request.overrides), variables: variables.values)
        let chosen = try await clusters.choose(for: spec, demand: admission.demand, path: request.path)
        return NewRun(
            id: id ?? identifiers.next(),
            of: job.id,
            version: version,
            spec: spec,
            variables: variables,
            overrides: request.overrides,
            on: chosen,
            submittedBy: try call.actor(),
            why: request.why
        )
    }

    /// - Throws: ``Problem`` if there is no such version.
    func spec(of job: JobRecord, version: Int) async throws -> JobSpec {
        if version == job.currentVersion { return job.spec }
        guard let spec = try await directory.spec(job.id, version: version) else {
            throw Problem.versionNotFound(job: job.name, version: version, newest: job.currentVersion)
        }
        return spec
    }

    /// - Parameter path: of the request within the body.
    /// - Throws: ``Problem`` with what does not fit the job's declarations.
    static func variables(
        path: String = "",
        _ resolve: () throws(RunVariableErrors) -> RunVariables
    ) throws(Problem) -> RunVariables {
        do throws(RunVariableErrors) {
            return try resolve()
        } catch {
            let path = path.isEmpty ? "" : "\(path)."
            throw Problem.invalidVariables(
                error.errors.map { error in
                    FieldError(
                        field: "\(path)variables.\(error.name)",
                        message: error.message,
                        allowed: error.nearest.map { [$0] } ?? []
                    )
                }
            )
        }
    }
}
