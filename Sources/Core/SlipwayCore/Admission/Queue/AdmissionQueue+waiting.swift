extension AdmissionQueue {
    /// Puts a run among those that wait.
    func add(_ run: PendingRun) -> Bool {
        removeLive(run.id)
        let shape = RunShape(run, limits: limits)
        let since = run.waitingSince.microsecondsSince1970
        if let entry = pending[run.id] {
            if entry.since == since, entry.lane.shape == shape, entry.lane.line.band.team.name == run.team {
                return true
            }
            removePending(run.id)
        }
        guard pending.count < limits.pendingRuns else { return false }
        let team = team(run.team)
        let lane = team.lanes[shape] ?? makeLane(shape, of: team)
        pending[run.id] = PendingEntry(lane: lane, since: since)
        team.pendingCount += 1
        team.pendingRequests += shape.band.request
        priorities[shape.band.priority, default: 0] += 1
        let order = RunOrder(since: since, id: run.id)
        team.waiting[shape.band.priority, default: SortedRuns()].insert(order)
        lane.runs.insert(order)
        laneChanged(lane)
        return true
    }

    func removePending(_ id: RunID) {
        guard let entry = pending.removeValue(forKey: id) else { return }
        let lane = entry.lane
        let team = lane.line.band.team
        let priority = lane.shape.band.priority
        team.pendingCount -= 1
        team.pendingRequests -= lane.shape.band.request
        priorities[priority, default: 0] -= 1
        if priorities[priority] == 0 { priorities[priority] = nil }
        let order = RunOrder(since: entry.since, id: id)
        team.waiting[priority]?.remove(order)
        if team.waiting[priority]?.isEmpty == true { team.waiting[priority] = nil }
        lane.runs.remove(order)
        laneChanged(lane)
        if lane.runs.isEmpty { remove(lane, of: team) }
        dropIfUnused(team)
    }

    private func makeLane(_ shape: RunShape, of team: TeamNode) -> Lane {
        let band: Band
        if let found = team.bands[shape.band] {
            band = found
        } else {
            band = Band(shape: shape.band, team: team, cluster: cluster(shape.band.cluster))
            team.add(band)
        }
        let line = band.lines[shape.line] ?? makeLine(shape.line, of: band)
        let keys = shape.limitKeys.map { key($0.key, of: team) }
        for key in keys { key.lanes += 1 }
        let lane = Lane(shape: shape, line: line, keys: keys)
        line.lanes[ObjectIdentifier(lane)] = lane
        team.lanes[shape] = lane
        return lane
    }

    private func makeLine(_ shape: LineShape, of band: Band) -> Line {
        let job = job(shape.job)
        let credentials = shape.credentials.map { credential($0, of: band.team) }
        let line = Line(shape: shape, band: band, job: job, credentials: credentials)
        band.lines[shape] = line
        job.lines[ObjectIdentifier(line)] = Unowned(line)
        noteSurplus(job)
        for credential in credentials { credential.lines[ObjectIdentifier(line)] = Unowned(line) }
        return line
    }

    /// Takes an empty lane out of the tree, and with it what it leaves empty.
    private func remove(_ lane: Lane, of team: TeamNode) {
        let line = lane.line
        let band = line.band
        lane.parkedAt?.waiters[ObjectIdentifier(lane)] = nil
        for key in lane.keys {
            key.lanes -= 1
            dropIfUnused(key, of: team)
        }
        line.lanes[ObjectIdentifier(lane)] = nil
        team.lanes[lane.shape] = nil
        guard line.lanes.isEmpty else { return }
        line.parkedAt?.remove(line)
        line.job.lines[ObjectIdentifier(line)] = nil
        noteSurplus(line.job)
        dropIfUnused(line.job)
        for credential in line.credentials {
            credential.lines[ObjectIdentifier(line)] = nil
            dropIfUnused(credential, of: team)
        }
        band.lines[line.shape] = nil
        if band.lines.isEmpty { team.remove(band) }
    }

    /// Brings the heaps above a lane in order after its runs have changed.
    func laneChanged(_ lane: Lane) {
        guard lane.parkedAt == nil else { return }
        let line = lane.line
        if let first = lane.runs.first {
            lane.head = first
            line.active.place(lane)
        } else {
            line.active.remove(lane)
        }
        lineChanged(line)
    }

    private func lineChanged(_ line: Line) {
        guard line.parkedAt == nil else { return }
        let band = line.band
        if let top = line.active.top {
            line.head = top.head
            band.active.place(line)
        } else {
            band.active.remove(line)
        }
        band.head = band.active.top?.head
    }

    func park(_ line: Line, at place: ParkingPlace) {
        let band = line.band
        band.active.remove(line)
        band.head = band.active.top?.head
        place.add(line)
    }

    func park(_ lane: Lane, at key: KeyNode) {
        lane.line.active.remove(lane)
        lane.parkedAt = key
        key.waiters[ObjectIdentifier(lane)] = Unowned(lane)
        lineChanged(lane.line)
    }

    func wakeLines(at place: ParkingPlace) {
        for line in place.empty() { lineChanged(line) }
    }

    func wakeLanes(at key: KeyNode) {
        guard !key.waiters.isEmpty else { return }
        let waiters = key.waiters.values.map(\.object)
        key.waiters = [:]
        for lane in waiters {
            lane.parkedAt = nil
            laneChanged(lane)
        }
    }
}
