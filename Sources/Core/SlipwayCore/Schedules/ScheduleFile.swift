/// A schedule with what it belongs to, as a file tells it.
package struct ScheduleDocument: Sendable, Hashable {
    /// `nil`: whoever reads it knows.
    package var team: String?
    package var job: String?
    package var name: String?
    package var spec: ScheduleSpec

    package init(team: String? = nil, job: String? = nil, name: String?, spec: ScheduleSpec) {
        self.team = team
        self.job = job
        self.name = name
        self.spec = spec
    }
}

/// Reads files of schedules, in YAML or JSON. All mistakes are told at once, each with its place.
package enum ScheduleFile {
    /// Reads a file that holds exactly one schedule.
    ///
    /// - Parameter file: the name that errors begin with.
    package static func parse(_ text: String, file: String = "schedule") throws(JobFileErrors) -> ScheduleDocument {
        let schedules = try parseAll(text, file: file)
        guard schedules.count == 1 else {
            let message =
                schedules.isEmpty
                ? "it is empty; a schedule is expected" : "holds \(schedules.count) schedules; one is expected"
            throw JobFileErrors(file: file, errors: [JobFileError(line: 1, column: 1, field: "", message: message)])
        }
        return schedules[0]
    }

    /// Reads a file of any number of documents separated by `---`; empty ones are passed over.
    package static func parseAll(
        _ text: String,
        file: String = "schedule file"
    ) throws(JobFileErrors) -> [ScheduleDocument] {
        let limits = JobLimits.standard
        var reader = JobFileReader(
            problems: JobFileProblems(limits: limits),
            limits: limits,
            standard: JobSpec(name: "", tasks: []),
            reading: nil
        )
        var schedules: [ScheduleDocument] = []
        do throws(JobFileError) {
            for root in try JobFileDocuments.read(text, limits: limits) where !root.isEmpty {
                if let schedule = reader.schedule(JobFileField(node: root), isAlone: true) {
                    schedules.append(schedule)
                }
            }
        } catch {
            reader.problems.add(error)
        }
        guard reader.problems.errors.isEmpty else { throw JobFileErrors(file: file, errors: reader.problems.errors) }
        return schedules
    }
}
