package import FoundationEssentials

extension DevStack {
    /// What one process of the stack does.
    package struct ProcessReport: Sendable {
        package enum State: String, Sendable {
            case ready
            /// It runs, but does not answer or says that something it needs is missing.
            case notReady = "not ready"
            /// It was started and has ended by itself.
            case ended
        }

        package let name: String
        package let state: State
        package let pid: Int32
        package let port: Int?
        package let startedAt: Date
        package let logFile: String
        /// What `/readyz` said when it was not ready.
        package let detail: String?
    }

    /// Every process that was started and not stopped by a command, in the order of starting. Asks each one, and blocks
    /// meanwhile.
    package nonisolated func status() throws(DevStackError) -> [ProcessReport] {
        let records = try StackRecords(folder).all
        let ports = try StackState.load(folder).ports
        return records.map { record in
            let health = readiness(of: record, ports)
            return ProcessReport(
                name: record.name,
                state: health.state,
                pid: record.identity.pid,
                port: health.port,
                startedAt: record.startedAt,
                logFile: record.logFile,
                detail: health.detail
            )
        }
    }

    /// Where the stack is reached, if it was ever started.
    package nonisolated func knownAddresses() throws(DevStackError) -> Addresses? {
        let ports = try StackState.load(folder).ports
        guard let api = ports["api"], let kubernetes = ports["kubernetes"] else { return nil }
        return Addresses(
            api: "http://127.0.0.1:\(api)",
            kubernetes: "http://127.0.0.1:\(kubernetes)",
            kubeconfig: folder.kubeconfig,
            folder: folder.path
        )
    }

    private nonisolated func readiness(
        of record: StackRecord,
        _ ports: [String: Int]
    ) -> (state: ProcessReport.State, port: Int?, detail: String?) {
        guard record.identity.isRunning else { return (.ended, nil, nil) }
        switch record.name {
        case "postgres":
            return (.ready, ports["postgres"], nil)
        case "portmapper":
            return (.ready, ports["amqp-portmapper"], nil)
        case "rabbitmq":
            let answers = ports["amqp"].map(LoopbackProbe.answersAMQPBlocking) ?? false
            return (answers ? .ready : .notReady, ports["amqp"], nil)
        default:
            guard let port = ports[StackPlan.healthPortName(record.name)] ?? ports[record.name] else {
                return (.notReady, nil, nil)
            }
            let answer = LoopbackProbe.getBlocking(port: port, path: "/readyz")
            let shown = record.name == "api" ? ports["api"] : port
            return answer?.status == 200 ? (.ready, shown, nil) : (.notReady, shown, answer?.body ?? "no answer")
        }
    }
}
