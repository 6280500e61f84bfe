/// What is known of one container of a pod.
package struct ContainerRecord: Sendable, Equatable {
    package enum Role: String, Sendable {
        /// Runs to its end before what follows it starts.
        case initialization
        /// An init container that is kept running beside the main containers.
        case sidecar
        case main
    }

    package struct End: Sendable, Equatable {
        package var exitCode: Int64
        package var signal: Int64 = 0
        package var reason: String
        package var message = ""
        package var startedAt: Timestamp?
        package var finishedAt: Timestamp
        package var containerID = ""

        package init(
            exitCode: Int64,
            signal: Int64 = 0,
            reason: String,
            message: String = "",
            startedAt: Timestamp? = nil,
            finishedAt: Timestamp,
            containerID: String = ""
        ) {
            self.exitCode = exitCode
            self.signal = signal
            self.reason = reason
            self.message = message
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.containerID = containerID
        }
    }

    package enum State: Sendable, Equatable {
        /// Goes to `running`, or to `ended` if it cannot be executed.
        case waiting(reason: String, message: String = "")
        /// Goes to `ended`.
        case running(since: Timestamp)
        /// Goes to `waiting` or `running` if it is started again; else it stays.
        case ended(End)
    }

    package let name: String
    package let role: Role
    package let image: String
    package var state: State
    package var lastEnd: End?
    package var restartCount = 0
    /// The startup probe passed in the present life.
    package var isStarted = false
    package var isReady = false
    /// It passed its startup probe in some life: what waits for it need not wait again.
    package var wasStarted = false
    package var containerID = ""

    package init(name: String, role: Role, image: String, state: State) {
        self.name = name
        self.role = role
        self.image = image
        self.state = state
    }

    package var isRunning: Bool { if case .running = state { true } else { false } }
    package var end: End? { if case .ended(let end) = state { end } else { nil } }

    /// One record a container in the order in which they start, none started.
    package static func initial(pod: JSONValue) -> [ContainerRecord] {
        let spec = pod["spec"]
        let hasInit = !(spec?["initContainers"]?.elements.isEmpty ?? true)
        let initial = (spec?["initContainers"]?.elements ?? []).map {
            ContainerRecord(
                name: $0.text("name"),
                role: $0.text("restartPolicy") == "Always" ? .sidecar : .initialization,
                image: $0.text("image"),
                state: .waiting(reason: "PodInitializing")
            )
        }
        let main = (spec?["containers"]?.elements ?? []).map {
            ContainerRecord(
                name: $0.text("name"),
                role: .main,
                image: $0.text("image"),
                state: .waiting(reason: hasInit ? "PodInitializing" : "ContainerCreating")
            )
        }
        return initial + main
    }

    var json: JSONValue {
        var status: JSONObject = ["name": .string(name), "state": Self.json(state)]
        status["lastState"] = lastEnd.map { ["terminated": Self.json($0)] } ?? [:]
        status["ready"] = .boolean(isReady)
        status["restartCount"] = JSONValue(restartCount)
        status["image"] = .string(image)
        status["imageID"] = .string(containerID.isEmpty ? "" : "localkube://\(image)")
        if !containerID.isEmpty { status["containerID"] = .string(containerID) }
        status["started"] = .boolean(isStarted)
        return .object(status)
    }

    private static func json(_ state: State) -> JSONValue {
        switch state {
        case .waiting(let reason, let message):
            message.isEmpty
                ? ["waiting": ["reason": .string(reason)]]
                : ["waiting": ["reason": .string(reason), "message": .string(message)]]
        case .running(let since): ["running": ["startedAt": since.json]]
        case .ended(let end): ["terminated": json(end)]
        }
    }

    private static func json(_ end: End) -> JSONValue {
        var terminated: JSONObject = ["exitCode": .integer(end.exitCode)]
        if end.signal != 0 { terminated["signal"] = .integer(end.signal) }
        terminated["reason"] = .string(end.reason)
        if !end.message.isEmpty { terminated["message"] = .string(end.message) }
        terminated["startedAt"] = end.startedAt?.json ?? .null
        terminated["finishedAt"] = end.finishedAt.json
        if !end.containerID.isEmpty { terminated["containerID"] = .string(end.containerID) }
        return .object(terminated)
    }
}
