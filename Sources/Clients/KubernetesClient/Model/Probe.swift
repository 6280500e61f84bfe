/// A check the node makes on a container. Exactly one action is set.
package struct Probe: Codable, Hashable, Sendable {
    package var exec: ExecAction?
    package var httpGet: HTTPGetAction?
    package var tcpSocket: TCPSocketAction?
    package var grpc: GRPCAction?
    package var initialDelaySeconds: Int?
    package var timeoutSeconds: Int?
    package var periodSeconds: Int?
    package var successThreshold: Int?
    package var failureThreshold: Int?
    package var terminationGracePeriodSeconds: Int?

    /// A check; the numbers left out take the cluster's defaults.
    package init(
        exec: ExecAction? = nil,
        httpGet: HTTPGetAction? = nil,
        tcpSocket: TCPSocketAction? = nil,
        grpc: GRPCAction? = nil,
        initialDelaySeconds: Int? = nil,
        timeoutSeconds: Int? = nil,
        periodSeconds: Int? = nil,
        successThreshold: Int? = nil,
        failureThreshold: Int? = nil,
        terminationGracePeriodSeconds: Int? = nil
    ) {
        self.exec = exec
        self.httpGet = httpGet
        self.tcpSocket = tcpSocket
        self.grpc = grpc
        self.initialDelaySeconds = initialDelaySeconds
        self.timeoutSeconds = timeoutSeconds
        self.periodSeconds = periodSeconds
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
    }
}

/// A command inside the container; exit code zero is success.
package struct ExecAction: Codable, Hashable, Sendable {
    @OmittedWhenEmpty package var command: [String]

    /// The command and its arguments; no shell is involved.
    package init(command: [String]) { self.command = command }
}

/// A request to the container; 200 to 399 is success.
package struct HTTPGetAction: Codable, Hashable, Sendable {
    /// One request header.
    package struct Header: Codable, Hashable, Sendable {
        package var name: String
        package var value: String

        /// A header.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var path: String?
    package var port: IntOrString
    package var host: String?
    package var scheme: String?
    @OmittedWhenEmpty package var httpHeaders: [Header]

    /// A request to the pod's address unless `host` says otherwise.
    package init(
        path: String? = nil,
        port: IntOrString,
        host: String? = nil,
        scheme: String? = nil,
        httpHeaders: [Header] = []
    ) {
        self.path = path
        self.port = port
        self.host = host
        self.scheme = scheme
        self.httpHeaders = httpHeaders
    }
}

/// A connection to the container.
package struct TCPSocketAction: Codable, Hashable, Sendable {
    package var port: IntOrString
    package var host: String?

    /// A connection to the pod's address unless `host` says otherwise.
    package init(port: IntOrString, host: String? = nil) {
        self.port = port
        self.host = host
    }
}

/// A call of the gRPC health service.
package struct GRPCAction: Codable, Hashable, Sendable {
    package var port: Int
    package var service: String?

    /// The port and the service's name in the health request.
    package init(port: Int, service: String? = nil) {
        self.port = port
        self.service = service
    }
}

/// What the node does after a container's start and before its stop.
package struct Lifecycle: Codable, Hashable, Sendable {
    /// Exactly one action is set.
    package struct Handler: Codable, Hashable, Sendable {
        package var exec: ExecAction?
        package var httpGet: HTTPGetAction?
        package var sleep: Sleep?

        /// An action.
        package init(exec: ExecAction? = nil, httpGet: HTTPGetAction? = nil, sleep: Sleep? = nil) {
            self.exec = exec
            self.httpGet = httpGet
            self.sleep = sleep
        }
    }

    /// Waiting, as an action.
    package struct Sleep: Codable, Hashable, Sendable {
        package var seconds: Int

        /// How long.
        package init(seconds: Int) { self.seconds = seconds }
    }

    package var postStart: Handler?
    package var preStop: Handler?

    /// Either may be absent.
    package init(postStart: Handler? = nil, preStop: Handler? = nil) {
        self.postStart = postStart
        self.preStop = preStop
    }
}
