internal import Hummingbird
internal import NIOCore

extension Cluster {
    /// Answers `GET …/pods/NAME/log`.
    func logs(of pod: StoredObject, _ parsed: APIRequest, _ request: Request) async throws -> Response {
        let options = try LogOptions(parsed)
        let container = try Self.containerName(pod, parsed["container"] ?? "")
        switch try await kubelet.log(pod, container: container, isPrevious: options.isPrevious) {
        case .text(let text, let time, let end): return textLog(text, time, end, options, request)
        case .file(let path, let isOpen):
            guard options.isFollowing else { return Self.wholeLog(path, options) }
            return try followedLog(path, isOpen, options, request)
        }
    }

    /// - Throws: `APIError` 400 if the name is missing or names no container.
    private static func containerName(_ pod: StoredObject, _ given: String) throws(APIError) -> String {
        let spec = pod.value["spec"] ?? [:]
        let main = (spec["containers"]?.elements ?? []).map { $0.text("name") }
        let initial = (spec["initContainers"]?.elements ?? []).map { $0.text("name") }
        if given.isEmpty {
            if main.count == 1, initial.isEmpty || pod.value[path: "metadata", "annotations"] == nil { return main[0] }
            if main.count == 1 { return main[0] }
            throw .badRequest(
                "a container name must be specified for pod \(pod.key.name), choose one of: [\((main + initial).joined(separator: " "))]"
            )
        }
        guard main.contains(given) || initial.contains(given) else {
            throw .badRequest("container \(given) is not valid for pod \(pod.key.name)")
        }
        return given
    }

    private func textLog(
        _ text: String,
        _ time: Timestamp,
        _ end: Bell?,
        _ options: LogOptions,
        _ request: Request
    ) -> Response {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        if let count = options.tailLines { lines = lines.suffix(count) }
        var formatter = LogFormatter(options)
        var output: [UInt8] = []
        for line in lines {
            let encoded = LogRecord.encode(Array(line.utf8), stream: "stdout", endsLine: true, at: time).dropLast()
            if let record = LogRecord(encoded) { formatter.append(record, to: &output) }
        }
        guard options.isFollowing, let end else { return Reply.log(output) }
        let first = ByteBuffer(bytes: output)
        return Reply.streaming(request, contentType: "text/plain") { writer in
            try await writer.write(first)
            for await _ in end.rings {}
        } onDisconnect: {
            end.finish()
        }
    }

    private static func wholeLog(_ path: String, _ options: LogOptions) -> Response {
        // Written in pieces as it is read, so that a large log does not fill the memory.
        let body = ResponseBody { writer in
            var log = try LogFile(path: path)
            if let count = options.tailLines { log.seekToTail(lines: count) }
            var formatter = LogFormatter(options)
            var output: [UInt8] = []
            while !formatter.isFull, log.next({ formatter.append($0, to: &output) }) {
                try await writer.write(ByteBuffer(bytes: output))
                output.removeAll(keepingCapacity: true)
            }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/plain"], body: body)
    }

    private func followedLog(
        _ path: String,
        _ isOpen: @escaping @Sendable () -> Bool,
        _ options: LogOptions,
        _ request: Request
    ) throws -> Response {
        let (bell, token) = try files.watch(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        return Reply.streaming(request, contentType: "text/plain") { [files] writer in
            defer { files.end(bell, token) }
            try await writer.write(ByteBuffer())
            var log = try LogFile(path: path)
            if let count = options.tailLines { log.seekToTail(lines: count) }
            var formatter = LogFormatter(options)
            var output: [UInt8] = []
            for await _ in bell.rings {
                // Asked before reading: what was written before the end is then read for certain.
                let wasOpen = isOpen()
                while !formatter.isFull, log.next({ formatter.append($0, to: &output) }) {
                    if !output.isEmpty { try await writer.write(ByteBuffer(bytes: output)) }
                    output.removeAll(keepingCapacity: true)
                }
                if !wasOpen || formatter.isFull { return }
            }
        } onDisconnect: {
            bell.finish()
        }
    }
}

extension Reply {
    static func log(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
