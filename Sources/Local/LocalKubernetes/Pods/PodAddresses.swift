internal import Synchronization

/// Gives each pod an address of its own on the loopback network, 127.1.0.1 upwards, so that two pods may listen on the
/// same port. Linux answers on all of 127.0.0.0/8 without any setup.
package final class PodAddresses: Sendable {
    private struct State {
        var next = 0
        var taken: [String: Int] = [:]
        var numbers: Set<Int> = []
    }

    private static let count = 254 * 256 * 254

    private let state = Mutex(State())

    package init() {}

    /// The pod's address, the same each time until it is freed.
    package func address(for uid: String) -> String {
        let number = state.withLock { state in
            if let number = state.taken[uid] { return number }
            while state.numbers.contains(state.next) { state.next = (state.next + 1) % Self.count }
            let number = state.next
            state.next = (state.next + 1) % Self.count
            state.taken[uid] = number
            state.numbers.insert(number)
            return number
        }
        return "127.\(number / (254 * 256) % 254 + 1).\(number / 254 % 256).\(number % 254 + 1)"
    }

    /// Keeps the address a pod already has.
    package func reserve(_ address: String, for uid: String) {
        let parts = address.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4, parts[0] == 127, (1...254).contains(parts[1]), (1...254).contains(parts[3]) else {
            return
        }
        let number = (parts[1] - 1) * 254 * 256 + parts[2] * 254 + parts[3] - 1
        state.withLock { state in
            state.taken[uid] = number
            state.numbers.insert(number)
        }
    }

    package func free(_ uid: String) {
        state.withLock { state in
            guard let number = state.taken.removeValue(forKey: uid) else { return }
            state.numbers.remove(number)
        }
    }
}
