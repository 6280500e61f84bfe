/// A container's log as it comes.
///
/// Each pass opens a request of its own with the first `next`. Ending the pass ends the request. Throws `isNotFound` for
/// an unknown pod, `isInvalid` while the container has not started, `.interrupted` when the log was cut short.
package struct PodLogChunks: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = KubernetesError

    let client: KubernetesClient
    let request: APIRequest
    let inactivityLimit: Duration?

    /// Begins a pass.
    package func makeAsyncIterator() -> Iterator { Iterator(logs: self) }

    /// A pass over the log.
    package struct Iterator: AsyncIteratorProtocol {
        private enum Position {
            case notOpened
            case open(HTTPStream)
            case ended
        }

        private let logs: PodLogChunks
        private var position = Position.notOpened

        init(logs: PodLogChunks) { self.logs = logs }

        /// All bytes that came since the last call; `nil` at the log's end.
        package mutating func next() async throws(KubernetesError) -> [UInt8]? {
            switch position {
            case .ended: return nil
            case .open(let stream): return try await read(stream)
            case .notOpened:
                position = .ended
                let stream = try await logs.client.open(
                    logs.request,
                    headTimeout: nil,
                    inactivityLimit: logs.inactivityLimit
                )
                position = .open(stream)
                return try await read(stream)
            }
        }

        /// See `next()`.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(KubernetesError) -> [UInt8]? {
            try await next()
        }

        private mutating func read(_ stream: HTTPStream) async throws(KubernetesError) -> [UInt8]? {
            switch await stream.next() {
            case .success(let chunk?): return chunk
            case .success(nil):
                position = .ended
                return nil
            case .failure(let failure):
                position = .ended
                throw KubernetesError(failure, method: .get)
            }
        }
    }
}

/// One line of a container's log.
package struct PodLogLine: Hashable, Sendable {
    /// The line without its end and without the time.
    package var bytes: ArraySlice<UInt8>
    /// When the container wrote it, if the options asked for `timestamps`.
    package var timestamp: KubernetesTime?
    /// Whether the line went on beyond the limit; the rest follows as a line of its own.
    package var isCut: Bool

    /// The line as text; bytes that are not UTF-8 are replaced.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A container's log, line by line.
package struct PodLogLines: AsyncSequence, Sendable {
    package typealias Element = PodLogLine
    package typealias Failure = KubernetesError

    let chunks: PodLogChunks
    let hasTimestamps: Bool
    let maximumLineBytes: Int

    /// Begins a pass.
    package func makeAsyncIterator() -> Iterator {
        Iterator(
            chunks: chunks.makeAsyncIterator(),
            hasTimestamps: hasTimestamps,
            splitter: LineSplitter(maximumLineBytes: maximumLineBytes)
        )
    }

    /// A pass over the lines.
    package struct Iterator: AsyncIteratorProtocol {
        var chunks: PodLogChunks.Iterator
        let hasTimestamps: Bool
        var splitter: LineSplitter

        /// The next line; a last one without a line end counts.
        package mutating func next() async throws(KubernetesError) -> PodLogLine? {
            while true {
                if let line = splitter.next() { return logLine(line) }
                guard let chunk = try await chunks.next() else { return splitter.rest().map(logLine) }
                splitter.append(chunk)
            }
        }

        /// See `next()`.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(KubernetesError) -> PodLogLine? {
            try await next()
        }

        private func logLine(_ line: LineSplitter.Line) -> PodLogLine {
            guard hasTimestamps, let space = line.bytes.firstIndex(of: UInt8(ascii: " ")),
                let time = KubernetesTime(utf8: line.bytes[..<space])
            else { return PodLogLine(bytes: line.bytes, timestamp: nil, isCut: line.isCut) }
            return PodLogLine(bytes: line.bytes[(space + 1)...], timestamp: time, isCut: line.isCut)
        }
    }
}

extension KubernetesClient {
    /// A container's log in chunks, cut anywhere.
    package func podLogs(
        namespace: String,
        name: String,
        options: PodLogOptions = PodLogOptions()
    ) -> PodLogChunks {
        var request = APIRequest(
            method: .get,
            path: Pod.path(namespace: namespace, name: name, subresource: "log"),
            accept: "*/*"
        )
        request.add("container", options.container)
        if options.follow { request.add("follow", "true") }
        if options.previous { request.add("previous", "true") }
        if options.timestamps { request.add("timestamps", "true") }
        request.add("sinceTime", options.sinceTime?.description)
        request.add("tailLines", options.tailLines.map(String.init))
        request.add("limitBytes", options.limitBytes.map(String.init))
        return PodLogChunks(client: self, request: request, inactivityLimit: options.inactivityLimit)
    }

    /// A container's log in lines.
    ///
    /// - Parameter maximumLineBytes: longer lines come in pieces, all but the last marked `isCut`.
    package func podLogLines(
        namespace: String,
        name: String,
        options: PodLogOptions = PodLogOptions(),
        maximumLineBytes: Int = 1 << 20
    ) -> PodLogLines {
        PodLogLines(
            chunks: podLogs(namespace: namespace, name: name, options: options),
            hasTimestamps: options.timestamps,
            maximumLineBytes: maximumLineBytes
        )
    }
}
