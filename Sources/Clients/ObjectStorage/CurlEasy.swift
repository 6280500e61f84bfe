internal import CCurl
internal import Glibc

/// One easy handle: a kept connection, used by one request at a time.
@safe final class CurlEasy {
    private let easy: UnsafeMutableRawPointer

    /// - Returns: `nil` if libcurl has no memory.
    init?() {
        CurlLibrary.prepare()
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.easy = unsafe easy
    }

    deinit { unsafe curl_easy_cleanup(easy) }

    /// Sends a request and waits for its whole answer, on the calling thread.
    func perform(
        _ request: ObjectRequest,
        _ configuration: ObjectStorageConfiguration,
        _ cancellation: Cancellation
    ) -> Result<ObjectAnswer, ObjectStorageError> {
        guard !cancellation.isCancelled else { return .failure(ObjectStorageError(.cancelled, "cancelled")) }
        // Options go, the connection stays.
        unsafe curl_easy_reset(easy)
        let sink = AnswerSink(limitBytes: configuration.answerBytes, cancellation)
        var lines: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(lines) }
        // A body that is not part of the signature: its bytes are checked when they are read, by their own sum.
        for line in request.headers + ["x-amz-content-sha256: UNSIGNED-PAYLOAD"] {
            guard let longer = unsafe curl_slist_append(lines, line) else { return .failure(Self.refusal) }
            unsafe lines = longer
        }
        guard setAddress(request, configuration), setSignature(configuration), setLimits(configuration),
            unsafe slipway_curl_set_list(easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK, setCallbacks(sink)
        else { return .failure(Self.refusal) }
        let code = withExtendedLifetime(sink) { performWithBody(request.body) }
        return answer(code, sink)
    }

    private static let refusal = ObjectStorageError(.configuration, "libcurl refuses the request")

    private func answer(_ code: CURLcode, _ sink: AnswerSink) -> Result<ObjectAnswer, ObjectStorageError> {
        if code == CURLE_OK {
            let status = unsafe slipway_curl_get_number(easy, CURLINFO_RESPONSE_CODE)
            return .success(ObjectAnswer(status: status, body: sink.bytes))
        }
        if sink.isTooLarge {
            return .failure(ObjectStorageError(.tooLarge, "the answer has more than \(sink.limitBytes) bytes"))
        }
        let text = unsafe String(cString: curl_easy_strerror(code))
        let kind: ObjectStorageError.Code =
            switch code {
            case CURLE_ABORTED_BY_CALLBACK: .cancelled
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_PEER_FAILED_VERIFICATION, CURLE_NOT_BUILT_IN:
                .configuration
            default: .unavailable
            }
        return .failure(ObjectStorageError(kind, text))
    }

    // MARK: Options

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe slipway_curl_set_number(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe slipway_curl_set_text(easy, option, value) == CURLE_OK
    }

    private func setAddress(_ request: ObjectRequest, _ configuration: ObjectStorageConfiguration) -> Bool {
        set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_URL, configuration.endpoint + request.target)
            // The path is signed as it stands.
            && set(CURLOPT_PATH_AS_IS, 1) && set(CURLOPT_CUSTOMREQUEST, request.method)
            && (request.range.map { set(CURLOPT_RANGE, $0) } ?? true)
    }

    private func setSignature(_ configuration: ObjectStorageConfiguration) -> Bool {
        set(CURLOPT_AWS_SIGV4, "aws:amz:\(configuration.region):s3")
            && set(CURLOPT_USERNAME, configuration.accessKey) && set(CURLOPT_PASSWORD, configuration.secretKey)
    }

    private func setLimits(_ configuration: ObjectStorageConfiguration) -> Bool {
        let isSet =
            set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_TCP_NODELAY, 1) && set(CURLOPT_TCP_KEEPALIVE, 1)
            && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            && set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
            && set(CURLOPT_TIMEOUT_MS, configuration.requestTimeout.wholeMilliseconds)
            // Large bodies go out at once instead of after a round trip.
            && set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1)
        return unsafe isSet && slipway_curl_prepare_sockets(easy) == CURLE_OK
    }

    private func setCallbacks(_ sink: AnswerSink) -> Bool {
        let context = unsafe Unmanaged.passUnretained(sink).toOpaque()
        let statuses = unsafe [
            slipway_curl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            slipway_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let context = unsafe context else { return 0 }
                let sink = unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
                return unsafe sink.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            slipway_curl_set_pointer(easy, CURLOPT_XFERINFODATA, context),
            slipway_curl_set_progress_callback(easy) { context, _, _, _, _ in
                guard let context = unsafe context else { return 0 }
                let sink = unsafe Unmanaged<AnswerSink>.fromOpaque(context).takeUnretainedValue()
                return sink.cancellation.isCancelled ? 1 : 0
            },
        ]
        return statuses.allSatisfy { $0 == CURLE_OK } && set(CURLOPT_NOPROGRESS, 0)
    }

    /// The body is not copied: it stays where it is until the transfer is over. An empty one is none.
    private func performWithBody(_ body: [UInt8]?) -> CURLcode {
        guard let body, !body.isEmpty else { return unsafe curl_easy_perform(easy) }
        return unsafe body.withUnsafeBytes { buffer in
            // The size comes first: without it libcurl would look for a zero byte.
            guard unsafe slipway_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(buffer.count)) == CURLE_OK,
                unsafe slipway_curl_set_pointer(easy, CURLOPT_POSTFIELDS, buffer.baseAddress) == CURLE_OK
            else { return CURLE_OUT_OF_MEMORY }
            return unsafe curl_easy_perform(easy)
        }
    }
}

/// Takes an answer's bytes, up to a limit.
private final class AnswerSink {
    let limitBytes: Int
    let cancellation: Cancellation
    private(set) var bytes: [UInt8] = []
    private(set) var isTooLarge = false

    init(limitBytes: Int, _ cancellation: Cancellation) {
        self.limitBytes = limitBytes
        self.cancellation = cancellation
    }

    /// - Returns: how many bytes were taken; fewer than there are end the transfer.
    func take(_ chunk: UnsafeRawBufferPointer) -> Int {
        guard bytes.count + chunk.count <= limitBytes else {
            isTooLarge = true
            return 0
        }
        unsafe bytes.append(contentsOf: chunk)
        return chunk.count
    }
}

/// What libcurl needs once a process; it counts who asked.
private enum CurlLibrary {
    private static let isPrepared = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
    static func prepare() { precondition(isPrepared, "libcurl cannot be initialised") }
}

extension Duration {
    /// At least 1, and at most what fits libcurl's 32-bit idea of a timeout.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
