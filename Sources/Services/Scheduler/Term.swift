internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// The scheduling term this process has, if any.
final class Term: Sendable {
    let number = Mutex<Int64?>(nil)
    var current: Int64? { number.withLock { $0 } }
}
