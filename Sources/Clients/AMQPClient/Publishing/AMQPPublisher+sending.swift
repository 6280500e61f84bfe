internal import DequeModule
internal import EventLoop

extension AMQPPublisher {
    // MARK: Sending

    /// Sends what waits while the connection and the window allow it.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while keeper.isUsable, let next = waiting.first {
            if next.ticket.isConcluded {
                waiting.removeFirst()
                continue
            }
            guard hasRoom(for: next) else { return }
            waiting.removeFirst()
            let sequence = tracker.nextSequence
            tracker.sent(next)
            do throws(AMQPError) {
                try keeper.use { connection throws(AMQPError) in
                    try connection.publish(next.outgoing, sequence: sequence)
                }
                keeper.drainBuffered()
            } catch {
                // The connection is lost, and with it comes `connectionWasLost`.
                return
            }
        }
    }

    private func hasRoom(for next: PendingPublish) -> Bool {
        if next.isSuspect { return tracker.isEmpty }
        // While a suspect is under way it is the only one, so that a fault can be laid at its door.
        if tracker.count == 1, tracker.outstanding.contains(where: \.isSuspect) { return false }
        return tracker.count < configuration.confirmWindow && tracker.span < 16 * configuration.confirmWindow
    }

    // MARK: What the broker says

    func connectionIsUsable() {
        setReady(true)
        openGate(with: nil)
        pump()
    }

    func received(_ event: RabbitEvent) {
        switch event {
        case .confirmed(let sequence, let multiple):
            tracker.settle(sequence, multiple: multiple) { pending in
                if let text = pending.returnText {
                    pending.ticket.conclude(.failure(Self.unroutable(pending, text)))
                } else {
                    pending.ticket.confirm()
                }
            }
            if tracker.isEmpty { endFlush() }
        case .refused(let sequence, let multiple):
            tracker.settle(sequence, multiple: multiple) { pending in
                pending.ticket.conclude(.failure(Self.refused(pending)))
            }
            if tracker.isEmpty { endFlush() }
        case .returned(let message, _, _, let replyText):
            if let sequence = message.headers[RabbitConnection.sequenceHeader]?.intValue, sequence > 0 {
                tracker.update(UInt64(sequence)) { $0.returnText = replyText }
            }
        case .blocked:
            setReady(false)
        case .unblocked:
            connectionIsUsable()
        case .channelClosed(channel: RabbitConnection.Channel.main, let error):
            putBack(tracker.reset(), blame: error)
            keeper.reopenMainChannel(after: error)
        case .channelClosed, .delivered, .consumerCancelled:
            break
        }
    }

    func connectionWasLost(_ error: AMQPError) {
        setReady(false)
        // The broker ends the whole connection for some faults of a message; 320 is an operator's or a shutdown's.
        let isFault = error.replyCode.map { $0 != 320 } ?? false
        var pending = tracker.reset()
        // The message just being sent is one that cannot be sent.
        if error.code == .invalidArgument { pending.popLast()?.ticket.conclude(.failure(error)) }
        putBack(pending, blame: isFault ? error : nil)
        endFlush()
    }

    /// Lets messages wait again that were under way when their channel ended.
    ///
    /// The broker does not say which message it closed a channel for. If several were under way, each is sent alone until
    /// the guilty one is known, which fails; the others are not harmed.
    private func putBack(_ pending: [PendingPublish], blame error: AMQPError?) {
        let live = pending.filter { !$0.ticket.isConcluded }
        if let error, pending.count == 1, live.count == 1, live[0].isSuspect || error.code == .brokerRefused {
            live[0].ticket.conclude(.failure(error))
            return
        }
        for var pending in live.reversed() {
            pending.returnText = nil
            if error != nil { pending.isSuspect = true }
            if isClosed {
                pending.ticket.conclude(
                    .failure(error ?? AMQPError(.connectionLost, "the connection was lost while closing"))
                )
            } else {
                waiting.prepend(pending)
            }
        }
    }

    private static func refused(_ pending: PendingPublish) -> AMQPError {
        AMQPError(
            .refused,
            "the broker refused a message to exchange \"\(pending.outgoing.exchange)\" with routing key "
                + "\"\(pending.outgoing.routingKey)\", for example because a queue is full"
        )
    }

    private static func unroutable(_ pending: PendingPublish, _ text: String) -> AMQPError {
        AMQPError(
            .unroutable,
            "exchange \"\(pending.outgoing.exchange)\" has no queue for routing key "
                + "\"\(pending.outgoing.routingKey)\": \(text)"
        )
    }

    // MARK: Deadlines

    func scheduleExpiry(at deadline: ContinuousClock.Instant) {
        deadlineTimer = loop.schedule(after: deadline - .now) { [weak self] in
            self?.assumeIsolated { $0.expire() }
        }
    }

    /// Ends calls whose deadline has passed. All have the same timeout, so deadlines stand in order.
    private func expire() {
        deadlineTimer = nil
        let now = ContinuousClock.now
        while let first = waiting.first, first.deadline <= now || first.ticket.isConcluded {
            waiting.removeFirst()
            first.ticket.conclude(.failure(overdue(sent: false)))
        }
        for pending in tracker.outstanding {
            guard pending.deadline <= now else { break }
            pending.ticket.conclude(.failure(overdue(sent: true)))
        }
        giveUpJammedWindow()
        let next = [waiting.first?.deadline, tracker.outstanding.first { !$0.ticket.isConcluded }?.deadline]
        if let next = next.compactMap({ $0 }).min() { scheduleExpiry(at: next) }
    }

    /// A window full of messages nobody waits for any more would keep everybody waiting.
    private func giveUpJammedWindow() {
        guard tracker.count >= configuration.confirmWindow, tracker.outstanding.allSatisfy(\.ticket.isConcluded) else {
            return
        }
        keeper.lose(AMQPError(.timedOut, "the broker confirmed nothing for \(configuration.confirmTimeout)"))
    }

    private func overdue(sent: Bool) -> AMQPError {
        let limit = configuration.confirmTimeout
        if sent { return AMQPError(.timedOut, "the broker did not confirm within \(limit)") }
        if keeper.isBlocked {
            return AMQPError(.blocked, "the broker's resource alarm kept publishers waiting for \(limit)")
        }
        if keeper.connection == nil {
            return AMQPError(.timedOut, "there was no connection to \(configuration) for \(limit)")
        }
        return AMQPError(.timedOut, "there was no place in the confirm window for \(limit)")
    }
}
