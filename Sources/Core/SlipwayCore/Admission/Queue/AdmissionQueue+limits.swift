extension AdmissionQueue {
    func team(_ name: String) -> TeamNode {
        if let team = teams[name] { return team }
        let team = TeamNode(name: name)
        teams[name] = team
        return team
    }

    func job(_ id: JobID) -> JobNode {
        if let job = jobs[id] { return job }
        let job = JobNode(id: id)
        jobs[id] = job
        return job
    }

    func cluster(_ name: String) -> ClusterNode {
        if let cluster = clusters[name] { return cluster }
        let cluster = ClusterNode(name: name)
        clusters[name] = cluster
        return cluster
    }

    func key(_ name: String, of team: TeamNode) -> KeyNode {
        if let key = team.keys[name] { return key }
        let key = KeyNode(name: name)
        team.keys[name] = key
        return key
    }

    func credential(_ name: String, of team: TeamNode) -> CredentialNode {
        if let credential = team.credentials[name] { return credential }
        let credential = CredentialNode(name: name)
        team.credentials[name] = credential
        return credential
    }

    func change(_ team: TeamNode, to settings: AdmissionTeam, isTold: Bool) {
        if let cohort = team.cohort, let name = team.settings.cohort {
            cohort.poolUsed -= team.poolUse
            cohort.pool -= team.lendable
            cohort.members -= 1
            if cohort.members == 0 { cohorts[name] = nil }
            team.cohort = nil
        }
        team.settings = settings
        team.isTold = isTold
        guard let name = settings.cohort else { return }
        let cohort = cohorts[name] ?? CohortNode()
        cohorts[name] = cohort
        cohort.members += 1
        cohort.pool += team.lendable
        cohort.poolUsed += team.poolUse
        team.cohort = cohort
    }

    func change(_ job: JobNode, to settings: AdmissionJob, isTold: Bool) {
        let hadRateLimit = job.settings.rateLimit != nil
        job.settings = settings
        job.settings.recentAdmissions = nil
        job.isTold = isTold
        noteSurplus(job)
        if settings.rateLimit == nil {
            job.admissions = []
        } else if settings.recentAdmissions != nil || !hadRateLimit {
            let over = settings.recentAdmissions?.map(\.microsecondsSince1970) ?? []
            let current = job.live.compactMap { live[$0]?.run.admittedAt.microsecondsSince1970 }
            job.admissions = (over + current).sorted().suffix(limits.rateLimitCount)
        }
        wakeLines(at: job.parking)
    }

    /// Looks at a job whose policy or whose lines have changed.
    func noteSurplus(_ job: JobNode) {
        if job.settings.endsSurplus, !job.lines.isEmpty {
            surplusJobs.insert(job.id)
        } else {
            surplusJobs.remove(job.id)
        }
    }

    func changeCredentials(of team: TeamNode, invalid names: Set<String>) {
        for name in names { credential(name, of: team).isInvalid = true }
        for credential in team.credentials.values where credential.isInvalid && !names.contains(credential.name) {
            credential.isInvalid = false
            wakeLines(at: credential.parking)
            dropIfUnused(credential, of: team)
        }
        dropIfUnused(team)
    }

    func dropIfUnused(_ team: TeamNode) {
        if team.isUnused { teams[team.name] = nil }
    }

    func dropIfUnused(_ job: JobNode) {
        if job.isUnused { jobs[job.id] = nil }
    }

    func dropIfUnused(_ key: KeyNode, of team: TeamNode) {
        if key.lanes == 0, key.live.isEmpty { team.keys[key.name] = nil }
    }

    func dropIfUnused(_ credential: CredentialNode, of team: TeamNode) {
        if !credential.isInvalid, credential.lines.isEmpty { team.credentials[credential.name] = nil }
    }
}
