internal import EventLoop

/// Where one COPY stands. Its caller takes one step after the other and waits for each.
final class CopyProgress {
    enum Stage {
        /// The command was sent. → sending, failed on the server
        case starting
        /// The server takes data. → ending
        case sending
        /// The end of the data was sent. → over
        case ending
    }

    var stage = Stage.starting
    var endReason: PostgresRequest.EndReason?
    var affectedRows = 0
    var error: PostgresError?
    private var step: ((Result<Int, PostgresError>) -> Void)?

    func await(_ step: @escaping (Result<Int, PostgresError>) -> Void) {
        precondition(self.step == nil, "a COPY takes one step at a time")
        self.step = step
    }

    /// The step under way is done.
    func complete(_ result: Result<Int, PostgresError>) {
        guard let step else { return }
        self.step = nil
        step(result)
    }

    /// What was sent is out of the buffers, so more may come.
    func flushed() {
        if stage == .sending { complete(.success(0)) }
    }

    func fail(_ error: PostgresError) {
        complete(.failure(endReason?.error ?? error))
    }
}

/// COPY is impossible inside a pipeline, so the connection leaves pipeline mode for it.
extension PostgresConnection {
    typealias CopyStep = (Result<Int, PostgresError>) -> Void

    /// Sends the COPY command. Only on a connection with nothing in flight.
    func beginCopy(_ sql: String, _ done: @escaping CopyStep) {
        guard isReady, load == 0, let handle, handle.exitPipelineMode() else {
            return done(
                .failure(PostgresError(.connectionLost(mayHaveExecuted: false), "the connection cannot COPY now"))
            )
        }
        let progress = CopyProgress()
        progress.await(done)
        phase = .copying(progress)
        guard handle.sendSimple(sql) else { return lose() }
        flush()
    }

    /// Sends a piece of the data; done when it is out of the buffers.
    func sendCopyData(_ bytes: [UInt8], _ done: @escaping CopyStep) {
        guard case .copying(let progress) = phase, progress.stage == .sending, let handle else {
            return done(.failure(Self.copyLost))
        }
        progress.await(done)
        guard handle.putCopyData(bytes) == true else { return lose() }
        flush()
    }

    /// Sends the end of the data; done with the number of rows when the server has taken them all.
    ///
    /// - Parameter problem: if given, the server refuses the whole COPY, quoting this.
    func endCopy(problem: String?, _ done: @escaping CopyStep) {
        guard case .copying(let progress) = phase, progress.stage == .sending, let handle else {
            return done(.failure(Self.copyLost))
        }
        progress.await(done)
        progress.stage = .ending
        guard handle.putCopyEnd(problem: problem) == true else { return lose() }
        flush()
        // A server that refused the rows early has answered already, and the socket will not tell again.
        if case .copying = phase { processCopy(handle, progress) }
    }

    /// Asks the server to cancel the COPY; gives the connection up if nothing comes of it within the grace.
    func endCopyEarly(_ reason: PostgresRequest.EndReason) {
        guard case .copying(let progress) = phase, progress.endReason == nil else { return }
        progress.endReason = reason
        sendCancel()
        loop.schedule(after: configuration.cancelGrace) { [weak self, weak progress] in
            guard let self, let progress, case .copying(let current) = phase, current === progress else { return }
            close(reason.error)
        }
    }

    func processCopy(_ handle: PQConnection, _ progress: CopyProgress) {
        while progress.stage != .sending, !handle.isBusy {
            switch handle.nextResult(columns: nil) {
            case .copyIn:
                progress.stage = .sending
                return progress.complete(.success(0))
            case .rows(_, let affected, _):
                progress.affectedRows = affected
            case .failed(let error):
                progress.error = progress.error ?? error
            case .skipped, .synced:
                break
            case nil:
                return finishCopy(handle, progress)
            }
        }
    }

    private func finishCopy(_ handle: PQConnection, _ progress: CopyProgress) {
        guard !handle.isBad, handle.enterPipelineMode() else { return lose() }
        phase = .ready
        guard let error = progress.error else { return progress.complete(.success(progress.affectedRows)) }
        let wasEnded = error.sqlState == "57014" ? progress.endReason : nil
        progress.complete(.failure(wasEnded?.error ?? error))
    }

    private static var copyLost: PostgresError {
        PostgresError(.connectionLost(mayHaveExecuted: false), "the connection was lost before the rows were complete")
    }
}
