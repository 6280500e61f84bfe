internal import Hummingbird
internal import SlipwayCore

extension Problem {
    static func scheduleNotFound(_ job: String, _ name: String) -> Problem {
        Problem(
            .notFound,
            .scheduleNotFound,
            title: "There is no such schedule",
            detail: "job \"\(job.prefix(100))\" has no schedule \"\(name.prefix(100))\""
        )
    }

    static func scheduleExists(_ job: String, _ name: String) -> Problem {
        Problem(
            .conflict,
            .scheduleExists,
            title: "The schedule is there already",
            detail: "job \"\(job.prefix(100))\" has a schedule \"\(name.prefix(100))\"; replace it with PUT"
        )
    }

    static func invalidSchedule(_ errors: [FieldError]) -> Problem {
        var problem = Problem(
            .unprocessableContent,
            .invalidSchedule,
            title: "The schedule is not valid",
            detail: errors.map { "\($0.field.isEmpty ? "it" : $0.field) \($0.message)" }.joined(separator: "\n")
        )
        problem.errors = errors
        return problem
    }

    static func invalidSchedule(_ found: JobFileErrors) -> Problem {
        invalidSchedule(
            found.errors.map { error in
                FieldError(
                    field: error.field,
                    value: error.value,
                    message: error.message,
                    allowed: error.nearest.map { [$0] } ?? [],
                    line: error.line,
                    column: error.column
                )
            }
        )
    }

    static func invalidSchedule(_ error: ScheduleError) -> Problem {
        invalidSchedule([FieldError(field: error.field, value: error.value, message: "must be \(error.allowed)")])
    }

    static func invalidSchedule(_ found: RunVariableErrors) -> Problem {
        invalidSchedule(
            found.errors.map { error in
                FieldError(
                    field: "variables.\(error.name)",
                    message: error.message,
                    allowed: error.nearest.map { [$0] } ?? []
                )
            }
        )
    }
}
