internal import EventLoop

extension AMQPPublisher {
    /// Declares what must exist, now and on each later connection.
    ///
    /// - Throws: `AMQPError`; `brokerRefused` with 406 if something exists with other arguments. It is then not kept.
    package func declare(_ topology: AMQPTopology) async throws(AMQPError) {
        try await onceUsable { connection throws(AMQPError) in try connection.declare(topology) }
        keeper.topology.merge(topology)
    }

    /// How full a queue is; `nil` if it does not exist.
    package func queueStatus(_ name: String) async throws(AMQPError) -> AMQPQueueStatus? {
        do {
            return try await onDeclarations { connection throws(AMQPError) in try connection.status(ofQueue: name) }
        } catch  where error.replyCode == 404 {
            return nil
        }
    }

    /// Deletes a queue with its messages, and forgets it and its bindings. No error if there is none.
    ///
    /// - Returns: how many messages were dropped.
    @discardableResult
    package func deleteQueue(_ name: String) async throws(AMQPError) -> Int {
        keeper.topology.remove(queue: name)
        return try await onDeclarations { connection throws(AMQPError) in try connection.delete(queue: name) }
    }

    /// Deletes an exchange, and forgets it and its bindings. No error if there is none.
    package func deleteExchange(_ name: String) async throws(AMQPError) {
        keeper.topology.remove(exchange: name)
        try await onDeclarations { connection throws(AMQPError) in try connection.delete(exchange: name) }
    }

    /// Drops the messages of a queue that are ready for delivery.
    ///
    /// - Returns: how many.
    @discardableResult
    package func purgeQueue(_ name: String) async throws(AMQPError) -> Int {
        try await onDeclarations { connection throws(AMQPError) in try connection.purge(queue: name) }
    }

    // MARK: Inspection

    /// Takes one message out of a queue, to be acknowledged or rejected; `nil` if the queue is empty.
    ///
    /// Meant for looking into dead letters: taken one by one it is slow.
    package func get(from queue: String) async throws(AMQPError) -> AMQPDelivery? {
        let delivery = try await onceUsable { connection throws(AMQPError) in
            try connection.on(RabbitConnection.Channel.inspection) { () throws(AMQPError) in
                try connection.get(queue: queue)
            }
        }
        guard let delivery, let origin = keeper.origin(of: RabbitConnection.Channel.inspection) else { return nil }
        if origin != inspectionOrigin { unsettled = UnsettledDeliveries() }
        inspectionOrigin = origin
        unsettled.received(delivery.tag)
        return AMQPDelivery(delivery, origin: origin, settler: self)
    }

    // MARK: Waiting for a connection

    private func onDeclarations<Result: Sendable>(
        _ body: (RabbitConnection) throws(AMQPError) -> Result
    ) async throws(AMQPError) -> Result {
        try await onceUsable { connection throws(AMQPError) in
            try connection.on(RabbitConnection.Channel.declarations) { () throws(AMQPError) in try body(connection) }
        }
    }

    /// Runs calls as soon as the broker takes them. It reads nothing from a connection that its alarm blocks.
    private func onceUsable<Result: Sendable>(
        _ body: (RabbitConnection) throws(AMQPError) -> Result
    ) async throws(AMQPError) -> Result {
        if !keeper.isUsable { try await passGate() }
        let result = try keeper.use(body)
        keeper.drainBuffered()
        return result
    }

    private func passGate() async throws(AMQPError) {
        guard !isClosed else { throw AMQPError(.closed, "the publisher has ended") }
        let number = nextGateNumber
        nextGateNumber += 1
        let timer = loop.schedule(after: configuration.callTimeout) { [weak self] in
            self?.assumeIsolated { $0.leaveGate(number, with: $0.gateTimeout) }
        }
        let error = await withTaskCancellationHandler {
            await withCheckedContinuation { gate[number] = $0 }
        } onCancel: {
            loop.execute { [weak self] in
                self?.assumeIsolated { $0.leaveGate(number, with: AMQPError(.cancelled, "the call was cancelled")) }
            }
        }
        loop.cancel(timer)
        if let error { throw error }
    }

    private var gateTimeout: AMQPError {
        keeper.isBlocked
            ? AMQPError(.blocked, "the broker's resource alarm lasted for \(configuration.callTimeout)")
            : AMQPError(.timedOut, "there was no connection to \(configuration) for \(configuration.callTimeout)")
    }

    private func leaveGate(_ number: Int, with error: AMQPError) {
        gate.removeValue(forKey: number)?.resume(returning: error)
    }

    func openGate(with error: AMQPError?) {
        let waiting = gate
        gate = [:]
        for continuation in waiting.values { continuation.resume(returning: error) }
    }
}

extension AMQPPublisher: DeliverySettler {
    func settle(_ deliveries: [AMQPDelivery], as kind: SettlementKind) -> AMQPSettlementCount {
        keeper.settle(deliveries, as: kind, on: RabbitConnection.Channel.inspection, &unsettled)
    }
}
