package import RunStore

/// How a worker works; all of it is configurable and printed by `--show-config`.
package struct WorkerSettings: Sendable {
    package var lease = LeaseSettings()
    /// Runs adopted by one statement.
    package var adoptBatch = 200
    /// How often what hints may have missed is looked for: cancellations, pods to remove, reports nobody applied.
    package var sweepInterval: Duration = .seconds(5)
    /// How often pods that no run wants any more are looked for among those that are there.
    package var straySweepInterval: Duration = .seconds(30)
    /// How old a pod must be, and for how long it must be known that no run of this installation belongs to it, before it is removed.
    package var orphanDelay: Duration = .seconds(300)
    /// How often deadlines are looked at.
    package var tickInterval: Duration = .milliseconds(500)
    /// Log lines of a run are stored at most this often while it goes on.
    package var flushInterval: Duration = .milliseconds(250)
    /// Log lines of one run held in memory, in bytes; the stream is not read further until they are stored.
    package var bufferedLogBytes = 1 << 20
    /// Lines in one stored chunk, in bytes.
    package var chunkBytes = 64 << 10
    /// Bytes stored of one stream of a run, 24 a line included; what follows is dropped and a line says so.
    package var streamLogBytes = 64 << 20
    /// Bytes stored of all streams of one run, likewise.
    package var runLogBytes = 256 << 20
    /// How long Sail's log is waited for after a failure.
    package var sailLogPatience: Duration = .seconds(3)
    /// How long the rest of a runner's log is asked for once its container has ended.
    package var streamPatience: Duration = .seconds(30)
    /// How long Kubernetes is asked for what it said about the pods of one batch of failed runs.
    package var evidencePatience: Duration = .seconds(2)
    /// Streams of running containers read at once. The lines of others are read once one of these has ended, or their
    /// own container has.
    package var followedStreams = 5000
    /// Pods read at once beside the watch.
    package var parallelLookups = 8
    /// Pod deletions under way at once.
    package var parallelDeletes = 8
    /// How often what the containers use is asked for; `.zero`: never.
    package var metricsInterval: Duration = .seconds(15)
    /// How long an answer about the containers' use may take.
    package var metricsPatience: Duration = .seconds(10)
    /// How long a cluster that has no metrics is not asked again.
    package var metricsPause: Duration = .seconds(300)
    /// Reports in one message.
    package var reportBatch = 64

    package init() {}

    var logLimits: LogLimits { LogLimits(streamBytes: streamLogBytes, runBytes: runLogBytes) }
}
