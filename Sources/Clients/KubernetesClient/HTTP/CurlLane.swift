internal import CCurl
internal import EventLoop

/// One multi handle driven by the loop: an own set of connections to the server.
///
/// Over HTTP/2 a lane is one connection until that has as many streams as the server allows. Lives on the loop's
/// thread. A lane that may be dead is retired: it gets no new transfers and closes after the last.
@safe final class CurlLane {
    private let eventLoop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var registrations: [Int32: EventLoop.Registration] = [:]
    private var transfers: [UInt: CurlTransfer] = [:]
    /// When libcurl wants to be called next.
    private var timeout: ContinuousClock.Instant?
    private var armed: (timer: EventLoop.Timer, deadline: ContinuousClock.Instant)?
    private var isOpen = true
    private(set) var isRetired = false
    /// Told of each transfer that ended by itself.
    private let ended: (CurlTransfer, CURLcode) -> Void

    /// - Parameter maximumConnections: zero is no limit.
    init(
        eventLoop: EventLoop,
        maximumConnections: Int,
        ended: @escaping (CurlTransfer, CURLcode) -> Void
    ) {
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("no memory left for a connection") }
        self.eventLoop = eventLoop
        unsafe self.multi = unsafe multi
        self.ended = ended
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe slipway_curl_multi_set_number(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        _ = unsafe slipway_curl_multi_set_number(multi, CURLMOPT_MAX_HOST_CONNECTIONS, maximumConnections)
        _ = unsafe slipway_curl_multi_set_callbacks(
            multi,
            { _, descriptor, what, context, _ in
                guard let context = unsafe context else { return 0 }
                unsafe Unmanaged<CurlLane>.fromOpaque(context).takeUnretainedValue().watch(descriptor, for: what)
                return 0
            },
            { _, milliseconds, context in
                guard let context = unsafe context else { return 0 }
                unsafe Unmanaged<CurlLane>.fromOpaque(context).takeUnretainedValue().setTimeout(milliseconds)
                return 0
            },
            context
        )
    }

    deinit { precondition(!isOpen, "a lane is closed before it is dropped") }

    var transferCount: Int { transfers.count }

    /// - Returns: whether libcurl took the transfer.
    func add(_ transfer: CurlTransfer) -> Bool {
        transfers[transfer.key] = transfer
        guard unsafe curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
            transfers[transfer.key] = nil
            return false
        }
        return true
    }

    /// Ends a transfer at once: its stream is reset, or its connection closed.
    func remove(_ transfer: CurlTransfer) {
        guard transfers.removeValue(forKey: transfer.key) != nil else { return }
        _ = unsafe curl_multi_remove_handle(multi, transfer.easy)
        closeIfDone()
    }

    /// Lets a paused transfer go on.
    func resume(_ transfer: CurlTransfer) {
        guard transfers[transfer.key] != nil else { return }
        _ = unsafe curl_easy_pause(transfer.easy, Int32(CURLPAUSE_CONT))
        reap()
    }

    /// Takes no new transfers; closes after the last.
    func retire() {
        isRetired = true
        closeIfDone()
    }

    private func closeIfDone() {
        guard isRetired, isOpen, transfers.isEmpty else { return }
        isOpen = false
        if let armed { eventLoop.cancel(armed.timer) }
        armed = nil
        _ = unsafe curl_multi_cleanup(multi)
        for registration in registrations.values { eventLoop.unregister(registration) }
        registrations = [:]
    }

    // MARK: Callbacks of libcurl

    private func watch(_ descriptor: Int32, for what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            if let registration = registrations.removeValue(forKey: descriptor) { eventLoop.unregister(registration) }
            return
        }
        var interest: EventLoop.Interest = []
        if what & CURL_POLL_IN != 0 { interest.insert(.read) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.write) }
        if let registration = registrations[descriptor] {
            eventLoop.update(registration, for: interest)
            return
        }
        // why: a refused descriptor leaves its transfer to its deadline; there is nothing else to tell libcurl.
        registrations[descriptor] = try? eventLoop.register(descriptor: descriptor, for: interest) {
            [weak self] ready in
            self?.act(on: descriptor, ready: Int32(ready.rawValue))
        }
    }

    private func setTimeout(_ milliseconds: Int) {
        guard milliseconds >= 0 else {
            timeout = nil
            return
        }
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        timeout = deadline
        arm(deadline)
    }

    // MARK: Driving

    /// A timer that is due earlier is kept: it looks again when it fires. So a lane has few timers, however often
    /// libcurl changes its mind.
    private func arm(_ deadline: ContinuousClock.Instant) {
        if let armed {
            guard deadline < armed.deadline else { return }
            eventLoop.cancel(armed.timer)
        }
        let timer = eventLoop.schedule(after: max(.zero, deadline - .now)) { [weak self] in self?.timerFired() }
        armed = (timer, deadline)
    }

    private func timerFired() {
        armed = nil
        guard let timeout else { return }
        if timeout <= .now {
            self.timeout = nil
            act(on: CURL_SOCKET_TIMEOUT, ready: 0)
        } else {
            arm(timeout)
        }
    }

    private func act(on descriptor: Int32, ready: Int32) {
        guard isOpen else { return }
        var running: Int32 = 0
        _ = unsafe curl_multi_socket_action(multi, descriptor, ready, &running)
        reap()
    }

    private func reap() {
        var easy: UnsafeMutableRawPointer?
        var result = CURLE_OK
        while isOpen, unsafe slipway_curl_multi_next_finished(multi, &easy, &result) == 1 {
            guard let finished = unsafe easy,
                let transfer = unsafe transfers.removeValue(forKey: CurlTransfer.key(finished))
            else { continue }
            _ = unsafe curl_multi_remove_handle(multi, finished)
            ended(transfer, result)
        }
        closeIfDone()
    }
}
