internal import CCurl
internal import Glibc

/// One easy handle, for one request.
@safe final class CurlEasy {
    private let easy: UnsafeMutableRawPointer

    /// - Returns: `nil` if libcurl has no memory.
    init?() {
        CurlLibrary.prepare()
        guard let easy = unsafe curl_easy_init() else { return nil }
        unsafe self.easy = unsafe easy
    }

    deinit { unsafe curl_easy_cleanup(easy) }

    /// Sends a request and waits for its answer, on the calling thread.
    func perform(
        _ request: WebhookRequest,
        _ configuration: WebhookSenderConfiguration,
        _ cancellation: Cancellation
    ) -> WebhookAnswer {
        let exchange = Exchange(configuration, cancellation)
        var lines: UnsafeMutablePointer<curl_slist>?
        defer { unsafe curl_slist_free_all(lines) }
        for line in request.headers + ["user-agent: \(configuration.userAgent)", "expect:"] {
            guard let longer = unsafe curl_slist_append(lines, line) else { return Self.refusal }
            unsafe lines = longer
        }
        guard setAddress(request, configuration), setLimits(configuration),
            unsafe slipway_curl_set_list(easy, CURLOPT_HTTPHEADER, lines) == CURLE_OK, setCallbacks(exchange)
        else { return Self.refusal }
        let code = withExtendedLifetime(exchange) { performWithBody(request.body) }
        return answer(code, exchange)
    }

    private static let refusal = WebhookAnswer(status: nil, failure: "the request cannot be made")

    private func answer(_ code: CURLcode, _ exchange: Exchange) -> WebhookAnswer {
        let status = unsafe slipway_curl_get_number(easy, CURLINFO_RESPONSE_CODE)
        // What comes after the head does not matter, be it broken off or too much.
        if status >= 200 { return WebhookAnswer(status: status) }
        if let refused = exchange.refusedAddress {
            return WebhookAnswer(status: nil, failure: "its name leads to an address that is not allowed: \(refused)")
        }
        if code == CURLE_UNSUPPORTED_PROTOCOL {
            return WebhookAnswer(status: nil, failure: "only https is allowed")
        }
        let text = unsafe String(cString: curl_easy_strerror(code))
        return WebhookAnswer(status: nil, failure: text.prefix(1).lowercased() + text.dropFirst())
    }

    // MARK: Options

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe slipway_curl_set_number(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe slipway_curl_set_text(easy, option, value) == CURLE_OK
    }

    private func setAddress(_ request: WebhookRequest, _ configuration: WebhookSenderConfiguration) -> Bool {
        set(CURLOPT_PROTOCOLS_STR, configuration.allowsPlainText ? "http,https" : "https")
            && set(CURLOPT_URL, request.url) && set(CURLOPT_POST, 1)
            // An empty text: no proxy, whatever the environment says.
            && set(CURLOPT_PROXY, "") && set(CURLOPT_NOPROXY, "*") && set(CURLOPT_FOLLOWLOCATION, 0)
            && set(CURLOPT_NETRC, 0)
    }

    private func setLimits(_ configuration: WebhookSenderConfiguration) -> Bool {
        set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_TCP_NODELAY, 1) && set(CURLOPT_FRESH_CONNECT, 1)
            && set(CURLOPT_FORBID_REUSE, 1) && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            && set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
            && set(CURLOPT_TIMEOUT_MS, configuration.requestTimeout.wholeMilliseconds)
    }

    private func setCallbacks(_ exchange: Exchange) -> Bool {
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        let statuses = unsafe [
            slipway_curl_set_open_callback(
                easy,
                { context, purpose, address in
                    guard let context = unsafe context, let address = unsafe address, purpose == CURLSOCKTYPE_IPCXN
                    else {
                        return -1
                    }
                    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                    var bytes = [UInt8](repeating: 0, count: 16)
                    let length = unsafe slipway_curl_copy_address(address, &bytes)
                    guard exchange.mayConnect(NetworkAddress(bytes: Array(bytes.prefix(Int(length))))) else {
                        return -1
                    }
                    return unsafe slipway_curl_open_socket(address)
                },
                context
            ),
            slipway_curl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            slipway_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { _, size, count, context in
                guard let context = unsafe context else { return 0 }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.take(size * count)
            },
            slipway_curl_set_pointer(easy, CURLOPT_XFERINFODATA, context),
            slipway_curl_set_progress_callback(easy) { context, _, _, _, _ in
                guard let context = unsafe context else { return 0 }
                let exchange = unsafe Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.cancellation.isCancelled ? 1 : 0
            },
        ]
        return statuses.allSatisfy { $0 == CURLE_OK } && set(CURLOPT_NOPROGRESS, 0)
    }

    /// The body is not copied: it stays where it is until the transfer is over.
    private func performWithBody(_ body: [UInt8]) -> CURLcode {
        unsafe body.withUnsafeBytes { buffer in
            // The size comes first: without it libcurl would look for a zero byte.
            guard unsafe slipway_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(buffer.count)) == CURLE_OK,
                unsafe slipway_curl_set_pointer(easy, CURLOPT_POSTFIELDS, buffer.baseAddress) == CURLE_OK
            else { return CURLE_OUT_OF_MEMORY }
            return unsafe curl_easy_perform(easy)
        }
    }
}

/// What libcurl's callbacks ask and tell during one request.
private final class Exchange {
    let cancellation: Cancellation
    private let policy: AddressPolicy
    private let answerBytes: Int
    private var taken = 0
    private(set) var refusedAddress: String?

    init(_ configuration: WebhookSenderConfiguration, _ cancellation: Cancellation) {
        policy = configuration.policy
        answerBytes = configuration.answerBytes
        self.cancellation = cancellation
    }

    /// - Parameter address: `nil` for one of another family than IP.
    func mayConnect(_ address: NetworkAddress?) -> Bool {
        let refusal = address.map { policy.refusal(of: $0) } ?? "not an internet address"
        if let refusal { refusedAddress = refusal }
        return refusal == nil
    }

    /// - Returns: how many bytes were taken; fewer than there are end the transfer.
    func take(_ count: Int) -> Int {
        taken += count
        return taken > answerBytes ? 0 : count
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
