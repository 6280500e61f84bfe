internal import CCurl

/// One request of the plain loop: a GET, or a POST if there is a body.
struct PlainRequest: Sendable {
    var path: String
    var body: String?
}

/// The plainest parallel HTTP client over libcurl: one thread, one multi handle, answers thrown away. What it reaches is what the
/// server and the library can do.
struct CurlReference: Sendable {
    let server: String
    let connections: Int

    /// Requests answered a second.
    func rate(seconds: Int, _ request: @escaping (Int) -> PlainRequest) throws -> Double {
        let loop = try CurlLoop(server: server)
        let start = ContinuousClock.now
        let deadline = start + .seconds(seconds)
        let count = try loop.perform(connections: connections) { number in
            ContinuousClock.now < deadline ? request(number) : nil
        }
        return Double(count) / (ContinuousClock.now - start).inSeconds
    }

    /// Sends so many requests and returns when all are answered.
    func perform(count: Int, _ request: @escaping (Int) -> PlainRequest) throws {
        let loop = try CurlLoop(server: server)
        try loop.perform(connections: connections) { $0 < count ? request($0) : nil }
    }

    /// Opens endless answers on every connection and returns once they have brought so many lines together.
    func readLines(path: String, count: Int) throws {
        try CurlLoop(server: server).readLines(connections: connections, path: path, count: count)
    }
}

/// A libcurl multi handle and its transfers, used by one thread.
@safe private final class CurlLoop {
    private let server: String
    private let handle: UnsafeMutableRawPointer
    private let headers: UnsafeMutablePointer<curl_slist>?
    /// Freed with this object.
    private var transfers: [UnsafeMutableRawPointer] = unsafe []
    /// Line ends received by all transfers. Its address is given to the library, and is good as long as this object.
    private let lineCount: UnsafeMutablePointer<Int>
    private static let pollMilliseconds: Int32 = 1000
    private static let silenceLimit = Duration.seconds(30)

    init(server: String) throws(BenchmarkError) {
        self.server = server
        guard let multi = unsafe curl_multi_init() else { throw BenchmarkError("no memory for transfers") }
        unsafe handle = unsafe multi
        unsafe headers = unsafe curl_slist_append(nil, "Content-Type: application/json")
        unsafe lineCount = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe lineCount.initialize(to: 0)
    }

    deinit {
        while let easy = unsafe transfers.popLast() {
            unsafe curl_multi_remove_handle(handle, easy)
            unsafe curl_easy_cleanup(easy)
        }
        unsafe curl_multi_cleanup(handle)
        unsafe curl_slist_free_all(headers)
        unsafe lineCount.deallocate()
    }

    /// Keeps every connection busy until there are no more requests.
    ///
    /// - Returns: how many were answered.
    @discardableResult
    func perform(connections: Int, _ next: (Int) -> PlainRequest?) throws(BenchmarkError) -> Int {
        var number = 0
        var active = 0
        func start(_ easy: UnsafeMutableRawPointer) {
            guard let request = next(number) else { return }
            number += 1
            active += 1
            unsafe prepare(easy, request)
            unsafe curl_multi_add_handle(handle, easy)
        }
        for _ in 0..<connections { unsafe start(try makeTransfer()) }
        while active > 0 {
            try wait()
            while let easy = unsafe try nextFinished() {
                active -= 1
                unsafe start(easy)
            }
        }
        return number
    }

    func readLines(connections: Int, path: String, count: Int) throws(BenchmarkError) {
        for _ in 0..<connections {
            let easy = unsafe try makeTransfer()
            unsafe prepare(easy, PlainRequest(path: path))
            unsafe curl_multi_add_handle(handle, easy)
        }
        var known = 0
        var lastProgress = ContinuousClock.now
        while known < count {
            try wait()
            if unsafe try nextFinished() != nil { throw BenchmarkError("the server ended a watch too early") }
            let lines = unsafe lineCount.pointee
            if lines > known {
                known = lines
                lastProgress = .now
            }
            guard .now - lastProgress < Self.silenceLimit else {
                throw BenchmarkError("the watches brought \(known) of \(count) events")
            }
        }
    }

    private func makeTransfer() throws(BenchmarkError) -> UnsafeMutableRawPointer {
        guard let easy = unsafe curl_easy_init() else { throw BenchmarkError("no memory for a transfer") }
        unsafe transfers.append(easy)
        return unsafe easy
    }

    private func prepare(_ easy: UnsafeMutableRawPointer, _ request: PlainRequest) {
        // A handle keeps its connection through a reset.
        unsafe curl_easy_reset(easy)
        _ = unsafe slipway_curl_set_text(easy, CURLOPT_URL, server + request.path)
        _ = unsafe slipway_curl_set_number(easy, CURLOPT_NOSIGNAL, 1)
        _ = unsafe slipway_curl_set_text(easy, CURLOPT_NOPROXY, "*")
        if let body = request.body {
            _ = unsafe slipway_curl_set_list(easy, CURLOPT_HTTPHEADER, headers)
            _ = unsafe slipway_curl_set_text(easy, CURLOPT_COPYPOSTFIELDS, body)
        }
        _ = unsafe slipway_curl_set_pointer(easy, CURLOPT_WRITEDATA, lineCount)
        _ = unsafe slipway_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let length = size * count
            let lines = unsafe UnsafeBufferPointer(start: bytes, count: length).count { $0 == 10 }
            unsafe context.assumingMemoryBound(to: Int.self).pointee += lines
            return length
        }
    }

    /// Moves what can be moved, and waits for more.
    private func wait() throws(BenchmarkError) {
        var running: Int32 = 0
        guard unsafe curl_multi_perform(handle, &running) == CURLM_OK,
            unsafe curl_multi_poll(handle, nil, 0, running > 0 ? Self.pollMilliseconds : 0, nil) == CURLM_OK
        else { throw BenchmarkError("libcurl's transfers failed") }
    }

    /// Takes one transfer out that was answered well.
    private func nextFinished() throws(BenchmarkError) -> UnsafeMutableRawPointer? {
        var easy: UnsafeMutableRawPointer?
        var result = CURLE_OK
        guard unsafe slipway_curl_multi_next_finished(handle, &easy, &result) != 0, let easy = unsafe easy else {
            return nil
        }
        let status = unsafe slipway_curl_get_number(easy, CURLINFO_RESPONSE_CODE)
        unsafe curl_multi_remove_handle(handle, easy)
        guard result == CURLE_OK, (200..<300).contains(status) else {
            throw BenchmarkError("the plain request failed: libcurl's code \(result.rawValue), status \(status)")
        }
        return unsafe easy
    }
}
