internal import Synchronization

/// One request's answer on its way from the loop's thread to the task that waits for it.
///
/// The transport feeds it; one task at a time reads it. Bytes gather while nobody reads, so that a reader takes
/// all that came at once, up to a limit beyond which the transfer is paused.
final class HTTPExchange: Sendable {
    /// What the reader waits for.
    private enum Need {
        case head
        case bytes
        case end
    }

    private struct State {
        var head: HTTPHead?
        var bytes: [UInt8] = []
        var ending: Result<Void, TransferFailure>?
        var isPaused = false
        var isCancelled = false
        var waiter: (need: Need, continuation: CheckedContinuation<Void, Never>)?

        func satisfies(_ need: Need) -> Bool {
            if ending != nil { return true }
            switch need {
            case .head: return head != nil
            case .bytes: return !bytes.isEmpty
            case .end: return false
            }
        }

        /// The reader to wake, if what happened satisfies it.
        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            guard let waiting = waiter, satisfies(waiting.need) else { return nil }
            waiter = nil
            return waiting.continuation
        }
    }

    /// What the transport does with a chunk it offered.
    enum Acceptance {
        case taken
        /// Keep the chunk and stop until the reader asks to go on.
        case pause
        /// The answer exceeds its limit.
        case tooLarge
    }

    private let state = Mutex(State())
    private let limitBytes: Int
    private let isStream: Bool
    /// A paused stream goes on once its reader has emptied this much.
    private static let streamBufferBytes = 1 << 20

    init(_ delivery: HTTPRequest.Delivery) {
        switch delivery {
        case .whole(let maximumBytes, _): (limitBytes, isStream) = (maximumBytes, false)
        case .stream: (limitBytes, isStream) = (Self.streamBufferBytes, true)
        }
    }

    // MARK: The transport's side

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    var hasHead: Bool { state.withLock { $0.head != nil } }
    var isPaused: Bool { state.withLock { $0.isPaused } }

    func receive(head: HTTPHead) {
        let waiter = state.withLock { state in
            state.head = head
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    func receive(_ chunk: UnsafeRawBufferPointer) -> Acceptance {
        let (acceptance, waiter) = state.withLock { state -> (Acceptance, CheckedContinuation<Void, Never>?) in
            if isStream {
                guard state.bytes.count < limitBytes else {
                    state.isPaused = true
                    return (.pause, nil)
                }
            } else {
                guard state.bytes.count + chunk.count <= limitBytes else { return (.tooLarge, nil) }
            }
            unsafe state.bytes.append(contentsOf: chunk)
            return (.taken, state.takeWaiter())
        }
        waiter?.resume()
        return acceptance
    }

    func finish(_ ending: Result<Void, TransferFailure>) {
        let waiter = state.withLock { state in
            if state.ending == nil { state.ending = ending }
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    // MARK: The reader's side

    /// Marks the exchange so that a transfer not yet started never starts.
    func cancel() { state.withLock { $0.isCancelled = true } }

    func wholeResponse() async -> Result<HTTPResponse, TransferFailure> {
        await wait(for: .end)
        return state.withLock { state in
            switch state.ending {
            case .success:
                defer { state.bytes = [] }
                return .success(HTTPResponse(head: state.head ?? HTTPHead(), body: state.bytes))
            case .failure(let failure): return .failure(failure)
            case nil: preconditionFailure("woken before the end of an exchange")
            }
        }
    }

    /// The head once it is there; a stream that ends without one fails.
    func waitForHead() async -> Result<HTTPHead, TransferFailure> {
        await wait(for: .head)
        return state.withLock { state in
            if let head = state.head { return .success(head) }
            if case .failure(let failure) = state.ending { return .failure(failure) }
            return .failure(TransferFailure(cause: .broken, wasSent: true, message: "the answer has no head"))
        }
    }

    /// All bytes that came since the last call, waiting for some; `nil` after a proper end.
    ///
    /// - Returns: the bytes, and whether the transfer was paused and must be told to go on.
    func nextChunk() async -> (chunk: Result<[UInt8]?, TransferFailure>, mustResume: Bool) {
        await wait(for: .bytes)
        return state.withLock { state in
            if !state.bytes.isEmpty {
                defer {
                    state.bytes = []
                    state.isPaused = false
                }
                return (.success(state.bytes), state.isPaused)
            }
            if case .failure(let failure) = state.ending { return (.failure(failure), false) }
            return (.success(nil), false)
        }
    }

    private func wait(for need: Need) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                guard !state.satisfies(need) else { return true }
                precondition(state.waiter == nil, "an exchange is read by one task at a time")
                state.waiter = (need, continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
    }
}
