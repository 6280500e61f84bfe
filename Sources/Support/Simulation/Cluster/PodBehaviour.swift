/// What a simulated job does once it is placed; times in milliseconds.
package struct PodBehaviour: Sendable, Hashable {
    package enum Ending: Sendable, Hashable {
        case success, failure, outOfMemory, crash
        /// It runs until it is stopped.
        case never
    }

    package var hasSail = false
    package var ending = Ending.success
    /// How long user code runs.
    package var run: ClosedRange<Int> = 200...4000
    /// `nil`: no node is ever found.
    package var schedule: ClosedRange<Int>? = 20...500
    /// How long a container takes to start; `nil`: its image cannot be pulled.
    package var start: ClosedRange<Int>? = 20...600
    /// Lines of user code.
    package var lines = 1...4
    /// User code that does not end when it is asked to.
    package var isStubborn = false

    package init() {}
}
