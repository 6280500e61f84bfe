internal import Glibc

/// A thread for one piece of work that blocks: resolving a name, connecting, logging in, declaring a topology.
///
/// Thus a publisher's deadlines and cancellation hold while it connects. There is one per connection being made.
enum BlockingThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Returns: `false` if the system has no thread to give; then `body` does not run.
    static func run(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let retained = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread,
            &attributes,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            },
            retained.toOpaque()
        )
        if status != 0 { unsafe retained.release() }
        return status == 0
    }
}
