/// Reads job files, in YAML or JSON.
///
/// What it returns is valid: every name, range and size has been checked, and anchors, aliases, tags and merge keys have
/// been refused before anything was decoded. All mistakes are told at once, each with its place.
package enum JobFile {
    /// Reads a file that holds exactly one job.
    ///
    /// - Parameters:
    ///   - file: the name that errors begin with.
    ///   - timeouts: where neither the job nor its team gives any.
    ///   - defaults: what its team says of jobs that say nothing.
    ///   - reading: as in `parseAll`.
    package static func parse(
        _ text: String,
        file: String = "job file",
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        defaults: JobDefaults = JobDefaults(),
        reading: JobFileReading? = nil
    ) throws(JobFileErrors) -> JobSpec {
        try parseDocument(text, file: file, timeouts: timeouts, defaults: defaults, reading: reading).spec
    }

    /// Reads a file that holds exactly one job, with its schedules.
    package static func parseDocument(
        _ text: String,
        file: String = "job file",
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        defaults: JobDefaults = JobDefaults(),
        reading: JobFileReading? = nil
    ) throws(JobFileErrors) -> JobDocument {
        let jobs = try documents(text, file: file, timeouts: timeouts, defaults: defaults, reading: reading)
        guard jobs.count == 1 else {
            let message =
                jobs.isEmpty ? "the file is empty; a job is expected" : "holds \(jobs.count) jobs; one is expected"
            throw JobFileErrors(file: file, errors: [JobFileError(line: 1, column: 1, field: "", message: message)])
        }
        return jobs[0]
    }

    /// Reads a file of any number of documents separated by `---`; empty ones are passed over.
    ///
    /// - Parameters:
    ///   - file: the name that errors begin with.
    ///   - timeouts: where neither a job nor its team gives any.
    ///   - defaults: what their team says of jobs that say nothing.
    ///   - reading: gives the texts of files that tasks name beside the job file. Without it such names are mistakes.
    package static func parseAll(
        _ text: String,
        file: String = "job file",
        timeouts: JobSpec.Timeouts = JobSpec.Timeouts(),
        defaults: JobDefaults = JobDefaults(),
        reading: JobFileReading? = nil
    ) throws(JobFileErrors) -> [JobSpec] {
        try documents(text, file: file, timeouts: timeouts, defaults: defaults, reading: reading).map(\.spec)
    }

    private static func documents(
        _ text: String,
        file: String,
        timeouts: JobSpec.Timeouts,
        defaults: JobDefaults,
        reading: JobFileReading?
    ) throws(JobFileErrors) -> [JobDocument] {
        let limits = JobLimits.standard
        var problems = JobFileProblems(limits: limits)
        var jobs: [JobDocument] = []
        let standard = defaults.applied(to: JobSpec(name: "", timeouts: timeouts, tasks: []))
        do throws(JobFileError) {
            for root in try JobFileDocuments.read(text, limits: limits) where !root.isEmpty {
                var reader = JobFileReader(problems: problems, limits: limits, standard: standard, reading: reading)
                if let job = reader.job(JobFileField(node: root)) {
                    jobs.append(JobDocument(spec: job, schedules: reader.jobSchedules))
                }
                problems = reader.problems
            }
        } catch {
            problems.add(error)
        }
        guard problems.errors.isEmpty else { throw JobFileErrors(file: file, errors: problems.errors) }
        return jobs
    }
}

/// A job with what its file says beside it.
package struct JobDocument: Sendable, Hashable {
    package var spec: JobSpec
    /// Those that the file makes; `nil` if it says nothing of schedules.
    package var schedules: [ScheduleDocument]?
}

/// Gives the text of a file by its path relative to the job file's folder, which it does not leave by `..`.
package typealias JobFileReading = (_ path: String) throws(JobFileReadingError) -> String

/// Why a file that a task names cannot be taken.
package struct JobFileReadingError: Error, Sendable, Hashable {
    /// What is wrong, such as "does not exist"; it is told behind the path.
    package var message: String

    package init(_ message: String) { self.message = message }
}
