internal import CCurl
internal import EventLoop

/// One easy handle and what it carries. Lives on the loop's thread, from `start` of a transport to the transfer's end.
@safe final class CurlTransfer {
    let request: HTTPRequest
    let exchange: HTTPExchange
    /// The lane that performs the transfer.
    let lane: CurlLane
    let easy: UnsafeMutableRawPointer
    private let endpoint: ServerEndpoint
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var addresses: UnsafeMutablePointer<curl_slist>?
    private var head = HTTPHead()
    private(set) var isTooLarge = false
    private(set) var lastActivity = ContinuousClock.now
    var stallTimer: EventLoop.Timer?

    /// - Returns: `nil` if libcurl has no memory or refuses an option.
    init?(_ request: HTTPRequest, endpoint: ServerEndpoint, exchange: HTTPExchange, lane: CurlLane) {
        guard let easy = unsafe curl_easy_init() else { return nil }
        self.request = request
        self.endpoint = endpoint
        self.exchange = exchange
        self.lane = lane
        unsafe self.easy = unsafe easy
        guard setAddress(), setBody(), setSecurity(), setConnection(), setCallbacks() else { return nil }
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headers)
        unsafe curl_slist_free_all(addresses)
    }

    /// Finds the transfer of an easy handle.
    var key: UInt { unsafe Self.key(easy) }

    static func key(_ easy: UnsafeMutableRawPointer) -> UInt { UInt(bitPattern: easy) }

    /// Whether any byte of the request was handed to the connection.
    var wasSent: Bool { unsafe slipway_curl_get_number(easy, CURLINFO_REQUEST_SIZE) > 0 }

    // MARK: Options

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe slipway_curl_set_number(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe slipway_curl_set_text(easy, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ bytes: PinnedBytes) -> Bool {
        unsafe slipway_curl_set_blob(easy, option, bytes.buffer.baseAddress, bytes.buffer.count) == CURLE_OK
    }

    private func setAddress() -> Bool {
        // `Expect` would cost a round trip before each large body.
        for line in request.headers + ["Expect:"] + [endpoint.hostHeader].compactMap(\.self) {
            guard let longer = unsafe curl_slist_append(headers, line) else { return false }
            unsafe headers = longer
        }
        if let connectTo = endpoint.connectTo {
            unsafe addresses = curl_slist_append(nil, connectTo)
            guard unsafe slipway_curl_set_list(easy, CURLOPT_CONNECT_TO, addresses) == CURLE_OK else { return false }
        }
        if let proxy = endpoint.proxy, !set(CURLOPT_PROXY, proxy) { return false }
        guard unsafe slipway_curl_set_list(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK else { return false }
        return set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_URL, endpoint.baseURL + request.target)
    }

    private func setBody() -> Bool {
        if let body = request.body {
            // The size comes first: without it libcurl would look for a zero byte.
            guard unsafe slipway_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(body.count)) == CURLE_OK
            else { return false }
            let status = unsafe body.withUnsafeBytes { buffer in
                unsafe slipway_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, buffer.baseAddress)
            }
            guard status == CURLE_OK else { return false }
        } else if request.method == "GET" {
            return set(CURLOPT_HTTPGET, 1)
        }
        return set(CURLOPT_CUSTOMREQUEST, request.method)
    }

    private func setSecurity() -> Bool {
        guard endpoint.isEncrypted else { return true }
        guard set(CURLOPT_SSL_VERIFYPEER, endpoint.isInsecure ? 0 : 1),
            set(CURLOPT_SSL_VERIFYHOST, endpoint.isInsecure ? 0 : 2),
            set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        else { return false }
        if let authorities = endpoint.authorities, !set(CURLOPT_CAINFO_BLOB, authorities) { return false }
        guard let pair = request.clientCertificate else { return true }
        return set(CURLOPT_SSLCERTTYPE, "PEM") && set(CURLOPT_SSLCERT_BLOB, pair.certificate)
            && set(CURLOPT_SSLKEYTYPE, "PEM") && set(CURLOPT_SSLKEY_BLOB, pair.key)
    }

    private func setConnection() -> Bool {
        let version = endpoint.isEncrypted ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        var isSet =
            set(CURLOPT_HTTP_VERSION, version) && set(CURLOPT_PIPEWAIT, 1) && set(CURLOPT_NOSIGNAL, 1)
            && set(CURLOPT_CONNECTTIMEOUT_MS, 10_000) && set(CURLOPT_TCP_NODELAY, 1)
            && set(CURLOPT_TCP_KEEPALIVE, 1) && set(CURLOPT_TCP_KEEPIDLE, 20) && set(CURLOPT_TCP_KEEPINTVL, 10)
            // An API server behind a balancer gets its share of the load back within half an hour.
            && set(CURLOPT_MAXLIFETIME_CONN, 1800)
        isSet = unsafe isSet && slipway_curl_prepare_sockets(easy) == CURLE_OK
        if case .whole(_, let timeout) = request.delivery {
            isSet = isSet && set(CURLOPT_TIMEOUT_MS, max(1, timeout.wholeMilliseconds))
        }
        return isSet
    }

    private func setCallbacks() -> Bool {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let statuses = unsafe [
            slipway_curl_set_pointer(easy, CURLOPT_PRIVATE, context),
            slipway_curl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            slipway_curl_set_pointer(easy, CURLOPT_HEADERDATA, context),
            slipway_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                guard let context = unsafe context else { return 0 }
                let transfer = unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                return unsafe transfer.receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            slipway_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                guard let context = unsafe context else { return 0 }
                let transfer = unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
                unsafe transfer.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
                return size * count
            },
        ]
        return statuses.allSatisfy { $0 == CURLE_OK }
    }

    // MARK: Callbacks of libcurl

    private func receive(_ chunk: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        switch unsafe exchange.receive(chunk) {
        case .taken: return chunk.count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        case .tooLarge:
            isTooLarge = true
            return 0
        }
    }

    /// One line of the head at a time; the empty one ends it. An interim answer (1xx) is followed by another head.
    private func receiveHeader(_ bytes: UnsafeRawBufferPointer) {
        lastActivity = .now
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            head = HTTPHead(status: unsafe slipway_curl_get_number(easy, CURLINFO_RESPONSE_CODE))
        } else if line == "\r\n" || line == "\n" {
            if head.status >= 200 { exchange.receive(head: head) }
        } else if let colon = line.firstIndex(of: ":") {
            let value = ConfigurationFile.trimmed(String(line[line.index(after: colon)...]))
            switch line[..<colon].lowercased() {
            case "retry-after": head.retryAfter = value
            case "date": head.date = value
            default: break
            }
        }
    }
}

extension Duration {
    /// Rounded down; at most what fits libcurl's 32-bit idea of a timeout.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 1_000_000 else { return 1_000_000_000 }
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
