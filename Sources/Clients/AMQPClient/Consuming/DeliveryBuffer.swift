internal import DequeModule
internal import Synchronization

/// Deliveries received and not handed out. The broker's prefetch bounds it.
///
/// Readers take from it directly, without a turn of the consumer's loop; those that find nothing wait in line.
final class DeliveryBuffer: Sendable {
    private struct Reader {
        let number: Int
        let maximum: Int
        let continuation: CheckedContinuation<[AMQPDelivery]?, Never>
    }

    private struct Dismissal {
        let answer: [AMQPDelivery]?
    }

    private struct State {
        var deliveries: Deque<AMQPDelivery> = []
        var readers: Deque<Reader> = []
        var nextNumber = 0
        var isFinished = false
        /// Readers that do not wait yet, and the answer for those told to leave already.
        var arriving: [Int: Dismissal?] = [:]

        mutating func take(_ maximum: Int) -> [AMQPDelivery] {
            let count = min(maximum, deliveries.count)
            defer { deliveries.removeFirst(count) }
            return Array(deliveries.prefix(count))
        }
    }

    private let state = Mutex(State())

    /// A reader's name, by which its waiting can be ended. It is good for one `take`, which must follow.
    func makeReader() -> Int {
        state.withLock { state in
            state.nextNumber += 1
            state.arriving[state.nextNumber] = .some(nil)
            return state.nextNumber
        }
    }

    /// At least one and at most `maximum` deliveries, as soon as there are any; none after `dismiss`; `nil` at the end or
    /// when the task is cancelled.
    func take(maximum: Int, reader number: Int? = nil) async -> [AMQPDelivery]? {
        let number = number ?? makeReader()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait(Reader(number: number, maximum: maximum, continuation: $0)) }
        } onCancel: {
            dismiss(number, with: nil)
        }
    }

    private func wait(_ reader: Reader) {
        let answer: [AMQPDelivery]?? = state.withLock { state in
            let dismissal = state.arriving.removeValue(forKey: reader.number) ?? nil
            // A cancelled task takes nothing; one whose time is over takes what is there.
            if let dismissal, dismissal.answer == nil { return .some(nil) }
            if !state.deliveries.isEmpty { return state.take(reader.maximum) }
            if state.isFinished { return .some(nil) }
            if let dismissal { return dismissal.answer }
            state.readers.append(reader)
            return nil
        }
        if let answer { reader.continuation.resume(returning: answer) }
    }

    /// Ends a reader's waiting, or sees to it that it will not begin. A reader that has its answer is left alone.
    func dismiss(_ number: Int, with answer: [AMQPDelivery]?) {
        let reader = state.withLock { state -> Reader? in
            if let index = state.readers.firstIndex(where: { $0.number == number }) {
                return state.readers.remove(at: index)
            }
            if state.arriving[number] != nil { state.arriving[number] = Dismissal(answer: answer) }
            return nil
        }
        reader?.continuation.resume(returning: answer)
    }

    /// Adds deliveries and wakes as many readers as they suffice for.
    func append(_ deliveries: [AMQPDelivery]) {
        let served = state.withLock { state in
            state.deliveries.append(contentsOf: deliveries)
            var served: [(Reader, [AMQPDelivery])] = []
            while !state.deliveries.isEmpty, let reader = state.readers.popFirst() {
                served.append((reader, state.take(reader.maximum)))
            }
            return served
        }
        for (reader, deliveries) in served { reader.continuation.resume(returning: deliveries) }
    }

    /// Drops deliveries whose channel has ended.
    func removeAll() { state.withLock { $0.deliveries.removeAll() } }

    /// Ends all reading.
    ///
    /// - Returns: what was not handed out.
    func finish() -> [AMQPDelivery] {
        let (readers, left) = state.withLock { state in
            state.isFinished = true
            defer { state.readers.removeAll() }
            return (Array(state.readers), state.take(.max))
        }
        for reader in readers { reader.continuation.resume(returning: nil) }
        return left
    }
}
