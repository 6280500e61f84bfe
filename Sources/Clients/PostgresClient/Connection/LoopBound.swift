internal import EventLoop

/// Carries an object of the loop through another thread and back.
// why: the object is touched on the loop only, see `enter`
final class LoopBound<Value: AnyObject>: @unchecked Sendable {
    private weak var value: Value?
    private let loop: EventLoop

    init(_ value: Value, loop: EventLoop) {
        self.value = value
        self.loop = loop
    }

    /// Runs `body` on the loop, if the object still exists then.
    func enter(_ body: @escaping @Sendable (Value) -> Void) {
        loop.execute {
            if let value = self.value { body(value) }
        }
    }
}
