/// What one cycle of admission decides. Carrying it out, and telling the queue what became of it, is the caller's.
package struct AdmissionPlan: Sendable, Hashable {
    /// A run that ends without having run, for its job's concurrency policy.
    package struct Skip: Sendable, Hashable {
        package enum Cause: String, Sendable, Hashable, Codable {
            /// As many runs of the job as may be live were there before it.
            case jobBusy = "job_busy"
            /// A later run of the job takes its place.
            case superseded
        }

        package var run: RunID
        package var cause: Cause

        package init(run: RunID, cause: Cause) {
            self.run = run
            self.cause = cause
        }
    }

    /// A live run that is to be cancelled so that another run of its job can go.
    package struct Replacement: Sendable, Hashable {
        package var cancelled: RunID
        package var successor: RunID

        package init(cancelled: RunID, successor: RunID) {
            self.cancelled = cancelled
            self.successor = successor
        }
    }

    /// A run that is to be held as `paused`, for a reason that does not end by itself.
    package struct Pause: Sendable, Hashable {
        package var run: RunID
        /// ``HoldReason/credentialInvalid`` or ``HoldReason/creditsExhausted``.
        package var reason: HoldReason
    }

    /// An admitted run that is to go back to waiting, since a run of higher priority has no room.
    package struct Preemption: Sendable, Hashable {
        package var victim: RunID
        package var beneficiary: RunID

        package init(victim: RunID, beneficiary: RunID) {
            self.victim = victim
            self.beneficiary = beneficiary
        }
    }

    /// In the order in which they go.
    package var admitted: [RunID] = []
    package var skips: [Skip] = []
    package var replacements: [Replacement] = []
    package var pauses: [Pause] = []
    package var preemptions: [Preemption] = []
    /// Whether a bound cut it short: another cycle at once would decide more.
    package var isCutShort = false
    /// When time alone may let something go that has to wait now; `nil`: only events can.
    package var nextLook: Timestamp?

    package var isEmpty: Bool {
        admitted.isEmpty && skips.isEmpty && replacements.isEmpty && pauses.isEmpty && preemptions.isEmpty
    }
}

/// Why one run waits.
package struct WaitExplanation: Sendable, Hashable {
    package var reason: HoldReason
    /// Facts in one plain sentence, safe to show to its team.
    package var sentence: String
    /// Live runs of its own team that hold what it lacks, or waiting ones that go before it; bounded.
    package var blockers: [RunID]
    /// 1 is the team's next run.
    package var positionInTeam: Int
    /// 1 is the next run of all. How many runs of other teams go before it is estimated from the shares of the teams,
    /// as if nothing but order held them.
    package var positionOverall: Int
    package var waitingSince: Timestamp
    /// Its priority with what age has added.
    package var effectivePriority: Int
    /// When the reason ends by itself, if time alone ends it.
    package var endsAt: Timestamp?
}
