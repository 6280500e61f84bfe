import EventLoop
import PostgresClient
import Testing

@Suite struct ListenerTests {
    /// The listener's next event, or a failure of the test if none comes.
    private func next(_ events: inout PostgresListener.AsyncIterator) async throws -> PostgresListenerEvent {
        try #require(await events.next())
    }

    private func withListener(
        _ channels: [String],
        bufferLimit: Int = 1024,
        server: PostgresServer? = nil,
        _ body: (PostgresListener, PostgresPool) async throws -> Void
    ) async throws {
        try await withPool(server) { pool, configuration in
            try await withEventLoop { loop in
                var configuration = configuration
                configuration.applicationName = "listener \(channels[0])"
                let listener = PostgresListener(
                    configuration: configuration,
                    eventLoop: loop,
                    channels: channels,
                    bufferLimit: bufferLimit,
                    logger: quietLogger
                )
                do {
                    try await body(listener, pool)
                    await listener.close()
                } catch {
                    await listener.close()
                    throw error
                }
            }
        }
    }

    @Test func `Notifications of all channels arrive in order`() async throws {
        try await withListener(["orders", "Odd \"Name"]) { listener, pool in
            var events = listener.makeAsyncIterator()
            #expect(try await next(&events) == .listening)
            for number in 0..<100 {
                let channel = number % 2 == 0 ? "orders" : "Odd \"Name"
                try await pool.query("SELECT pg_notify(\(channel), \("\(number)"))")
            }
            for number in 0..<100 {
                guard case .notification(let notification) = try await next(&events) else {
                    Issue.record("another event at \(number)")
                    return
                }
                #expect(notification.payload == "\(number)" && notification.backendPID > 0)
                #expect(notification.channel == (number % 2 == 0 ? "orders" : "Odd \"Name"))
            }
        }
    }

    @Test func `A terminated backend is replaced and the channels listened to again`() async throws {
        try await withListener(["terminated"]) { listener, pool in
            var events = listener.makeAsyncIterator()
            #expect(try await next(&events) == .listening)
            for round in 0..<3 {
                let killed = try await pool.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener terminated'"
                )
                #expect(killed.rowCount == 1)
                #expect(try await next(&events) == .reconnected)
                try await pool.query("SELECT pg_notify('terminated', \("\(round)"))")
                guard case .notification(let notification) = try await next(&events) else {
                    Issue.record("another event")
                    return
                }
                #expect(notification.payload == "\(round)")
            }
        }
    }

    @Test func `A restarted server is found again`() async throws {
        let server = try PostgresServer(settings: [])
        defer { server.remove() }
        try await withListener(["restarted"], server: server) { listener, pool in
            var events = listener.makeAsyncIterator()
            #expect(try await next(&events) == .listening)
            server.stop()
            try server.start()
            #expect(try await next(&events) == .reconnected)
            try await pool.query("SELECT pg_notify('restarted', 'back')")
            guard case .notification(let notification) = try await next(&events) else {
                Issue.record("another event")
                return
            }
            #expect(notification.payload == "back")
        }
    }

    @Test func `A slow reader is told that it missed something`() async throws {
        try await withListener(["flood"], bufferLimit: 10) { listener, pool in
            var events = listener.makeAsyncIterator()
            #expect(try await next(&events) == .listening)
            try await pool.query("SELECT pg_notify('flood', n::text) FROM generate_series(1, 25) n")
            try await pool.query("SELECT pg_notify('flood', 'last')")
            var seen: [PostgresListenerEvent] = []
            while true {
                let event = try await next(&events)
                seen.append(event)
                if case .notification(let notification) = event, notification.payload == "last" { break }
                #expect(seen.count < 30)
            }
            #expect(seen.first == .overflowed || seen.count >= 26)
        }
    }

    @Test func `Iteration ends when its task is cancelled, and when the listener is closed`() async throws {
        try await withListener(["ending"]) { listener, _ in
            let started = Gate()
            let task = Task {  // why: it is to be cancelled on its own
                for await event in listener {
                    #expect(event == .listening)
                    started.open()
                }
            }
            await started.wait()
            task.cancel()
            await task.value
            await listener.close()
            var events = listener.makeAsyncIterator()
            #expect(await events.next() == nil)
        }
    }
}
