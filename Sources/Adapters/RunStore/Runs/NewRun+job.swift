package import SlipwayCore

extension NewRun {
    /// A run of a version of a job: the one place where a run takes over what its job says.
    ///
    /// - Parameters:
    ///   - spec: that version's; its team and name are the job's.
    ///   - variables: resolved for it.
    ///   - cluster: where it goes.
    package init(
        id: RunID,
        of job: JobID,
        version: Int,
        spec: JobSpec,
        variables: RunVariables,
        overrides: RunOverrides = RunOverrides(),
        on cluster: ChosenCluster,
        submittedBy: String?,
        trigger: Trigger = .manual,
        why: String? = nil
    ) {
        self.init(
            id: id,
            jobID: job,
            jobVersion: version,
            team: spec.team,
            jobName: spec.name,
            kind: spec.kind,
            cluster: cluster.name,
            variables: variables.values,
            variableOrigins: variables.origins,
            overrides: overrides,
            submittedBy: submittedBy,
            admission: AdmissionRequest(spec.applying(overrides), variables: variables.values),
            clusters: cluster.candidates,
            trigger: trigger,
            why: why
        )
    }
}
