/// What an examination proves, one statement a check.
package enum Check: String, Sendable, Hashable, CaseIterable {
    case database
    case schema
    case versions
    case processes
    case term
    case sweep
    case heldRuns = "held-runs"
    case leases
    case waitingRuns = "waiting-runs"
    case cleanups
    case kubernetes
    case permissions
    case orphanPods = "orphan-pods"
    case runPods = "run-pods"
    case broker
    case queues
    case consumers
    case deadLetters = "dead-letters"
    case clocks

    /// The statement.
    package var proves: String {
        switch self {
        case .database: "the database answers"
        case .schema: "the schema has every migration of this version and none of another"
        case .versions: "all live processes and this program are of one version"
        case .processes: "a scheduler lives, and for each active cluster a dispatcher and a worker"
        case .term: "a live scheduler has the scheduling term"
        case .sweep: "silent processes are looked for"
        case .heldRuns: "every slot that is taken belongs to a live run, held by a process that exists (P5)"
        case .leases: "every active run has a valid lease, or will be adopted (P7)"
        case .waitingRuns: "every waiting run says why, or has only just come (P7)"
        case .cleanups: "pods that are to go do go"
        case .kubernetes: "the cluster's API server answers"
        case .permissions: "these credentials allow everything that the processes do in the cluster"
        case .orphanPods: "every pod of this installation belongs to a live run, or its removal is noted (P6)"
        case .runPods: "every run whose containers were seen has its pod (P7)"
        case .broker: "the broker answers"
        case .queues: "every queue exists, with its delivery limit and its way for dead letters"
        case .consumers: "every work queue is consumed"
        case .deadLetters: "no message lies among the dead letters"
        case .clocks: "this machine, the database and the cluster agree on the time"
        }
    }

    /// What to do when it does not hold.
    package var advice: String {
        switch self {
        case .database: "Check the address and that PostgreSQL runs; the checks of runs and leases need it."
        case .schema: "Run `slipway admin migrate` of the newest version that runs."
        case .versions: "Finish the upgrade; old and new may run side by side meanwhile."
        case .processes: "Start what is missing; its log says why it ended."
        case .term: "Look at the schedulers' logs: one of them should take the term within one lease time."
        case .sweep: "Look at the log of the scheduler that leads; without sweeps no lost message is made good."
        case .heldRuns: "A lease sweep frees what a vanished process held. If it stays, look at the scheduler's log."
        case .leases:
            "See that a worker of the cluster lives and that `sweep` holds: it offers these runs again and again."
        case .waitingRuns:
            "Pending: see `term`. Ready: see that a dispatcher lives and how full its placement window is."
        case .cleanups: "The worker's log says why a pod cannot be removed; a node that is gone keeps its pods."
        case .kubernetes: "Check the kubeconfig and its context; the checks of pods need the API server."
        case .permissions: "Grant the missing verbs to the service accounts of the dispatcher and the worker."
        case .orphanPods: "The workers remove them after `worker.orphan_delay`. If they stay, look at a worker's log."
        case .runPods: "A worker should report the loss within seconds: see `leases` and the log of the run's holder."
        case .broker: "Check the address and that RabbitMQ runs; runs go on without it, but slowly."
        case .queues:
            "Missing: restart a process, which declares it. Different: stop all, delete the queue, start again."
        case .consumers: "Start the process that consumes it; if it runs, its log says what the broker refuses."
        case .deadLetters: "See `slipway admin dead-letters list`."
        case .clocks: "Run a time service on every machine; leases use the database's clock alone, reports do not."
        }
    }
}
