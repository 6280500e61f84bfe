internal import Synchronization

/// How bad the outside world is at present, for every process alike.
final class Weather: Sendable {
    struct Conditions: Sendable {
        /// By ``SimulatedProcess/System``; probabilities are from 0 to 1.
        var away: Set<SimulatedProcess.System> = []
        var refusal: [Double] = [0, 0, 0]
        var lostAnswer: [Double] = [0, 0, 0]
        var slowestMilliseconds = [15, 15, 40]
        /// That a process is stopped for a while just before it asks for something.
        var stumble = 0.0
        var lostMessage = 0.0
        var repeatedMessage = 0.0
        var lateMessage = 0.0
        var brokenStream = 0.0
        var lateEvent = 0.0
        var repeatedEvent = 0.0
    }

    private let state = Mutex(Conditions())
    private let stopping = Mutex<(@Sendable (SimulatedProcess) -> Void)?>(nil)

    var conditions: Conditions { state.withLock { $0 } }
    func change(_ body: (inout Conditions) -> Void) { state.withLock { body(&$0) } }
    func clear() { state.withLock { $0 = Conditions() } }

    func isAway(_ system: SimulatedProcess.System) -> Bool { state.withLock { $0.away.contains(system) } }
    func refusal(_ system: SimulatedProcess.System) -> Double { state.withLock { $0.refusal[system.rawValue] } }
    func lostAnswer(_ system: SimulatedProcess.System) -> Double { state.withLock { $0.lostAnswer[system.rawValue] } }
    func slowest(_ system: SimulatedProcess.System) -> Int {
        state.withLock { $0.slowestMilliseconds[system.rawValue] }
    }
    var stumble: Double { state.withLock { $0.stumble } }

    func onStumble(_ body: @escaping @Sendable (SimulatedProcess) -> Void) { stopping.withLock { $0 = body } }
    func stop(_ process: SimulatedProcess) async { stopping.withLock { $0 }?(process) }
}
