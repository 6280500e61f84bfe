internal import Yams

/// When somebody is to be told of a job's runs.
extension JobFileReader {
    mutating func readAlerts(_ members: [String: JobFileField], into job: inout JobSpec) {
        job.sla = members["sla"].flatMap { serviceLevel($0) }
        job.alerts = members["alerts"].flatMap { alerts($0) }
    }

    private mutating func serviceLevel(_ field: JobFileField) -> JobSpec.ServiceLevel? {
        guard let members = members(of: field, known: ["within", "from"], required: ["within"]) else { return nil }
        let within = members["within"].flatMap { duration($0) }
        let from = members["from"].map { choice($0, as: JobSpec.ServiceLevel.Start.self) } ?? .created
        guard let within, let from else { return nil }
        return JobSpec.ServiceLevel(withinSeconds: within, from: from)
    }

    private mutating func alerts(_ field: JobFileField) -> JobSpec.Alerts? {
        let name = "failures_in_a_row"
        guard let members = members(of: field, known: [name], required: [name]) else { return nil }
        return members[name].flatMap { integer($0, in: limits.failuresInARow) }.map(JobSpec.Alerts.init)
    }
}
