import Foundation
import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import Synchronization
import TestSupport
import Testing
import WebhookClient

@Suite struct WebhookDeliveryTests {
    static let pythonEnvironment = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"]

    @Test("where nobody is to be told nothing is written")
    func nobody() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.run(in: .failed)
            try await fixture.webhook("other", "http://127.0.0.1:1", events: [.schedulePaused])
            _ = try await fixture.run(in: .failed)
            for table in ["notifications", "webhook_deliveries"] {
                let count = try await fixture.store.pool.query("SELECT count(*) FROM \(unescaped: table)").decode(
                    Int.self
                )
                #expect(count == [0])
            }
        }
    }

    @Test("a run's states are told with what is known of it, each form in its own words")
    func forms() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                for form in WebhookForm.allCases {
                    try await fixture.webhook(
                        form.rawValue,
                        "\(receiver.url)/\(form.rawValue)",
                        form: form,
                        events: [.run(.failed)]
                    )
                }
                let run = try await fixture.run(in: .failed)
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                #expect(
                    try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder), holder: holder) == 4
                )
                let told = Dictionary(uniqueKeysWithValues: receiver.requests.map { ($0.path, $0) })
                let own = try json(told["/slipway"]?.body)
                #expect(own["type"]?.string == "run.failed" && own["team"]?.string == "default")
                #expect(own["data"]?["run"]?["id"]?.string == run.description)
                #expect(own["data"]?["run"]?["failure_class"]?.string == "user")
                #expect(own["data"]?["run"]?["message"]?.string == "it broke")
                #expect(own["data"]?["run"]?["from_state"]?.string == "running")
                let event = try json(told["/cloudevents"]?.body)
                #expect(event["specversion"]?.string == "1.0" && event["type"]?.string == "dev.slipway.run.failed")
                #expect(
                    event["subject"]?.string == "run/\(run)"
                        && event["source"]?.string?.hasPrefix("urn:slipway:") == true
                )
                #expect(
                    told["/cloudevents"]?.headers["content-type"]?.hasPrefix("application/cloudevents+json") == true
                )
                #expect(event["id"]?.string == told["/cloudevents"]?.headers["webhook-id"])
                let text = try json(told["/slack"]?.body)["text"]?.string ?? ""
                #expect(text == "Slipway, team default: run \(run) of job report is failed: task_failed: it broke")
                let lineage = try json(told["/openlineage"]?.body)
                #expect(lineage["eventType"]?.string == "FAIL" && lineage["run"]?["runId"]?.string == run.description)
                #expect(lineage["job"]?["namespace"]?.string == "default")
            }
        }
    }

    @Test("what fails is tried again under the same id, later each time, and given up after a day")
    func retries() async throws {
        try await StoreFixture.with { fixture in
            let isBroken = Mutex(true)
            try await WebhookReceiver.with({ _ in .init(status: isBroken.withLock { $0 } ? 503 : 204) }) { receiver in
                let (key, _) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                let delivery = fixture.delivery(clock, holder: holder)
                _ = try await fixture.run(in: .failed)
                for wait in [0, 5, 15, 45] {
                    clock.advance(.seconds(wait) + .milliseconds(100))
                    #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 1, "after \(wait) s")
                    #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 0)
                }
                let record = try #require(try await fixture.store.webhook(key))
                #expect(record.failingSince != nil && record.spec.isEnabled)
                isBroken.withLock { $0 = false }
                clock.advance(.seconds(136))
                #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 1)
                #expect(Set(receiver.requests.compactMap { $0.headers["webhook-id"] }).count == 1)
                #expect(Set(receiver.requests.map(\.body)).count == 1)
                let deliveries = try await fixture.store.deliveries(of: record.id, limit: 10)
                #expect(deliveries.map(\.state) == [.delivered] && deliveries[0].attempt == 5)
                guard case .array(let attempts) = deliveries[0].attempts else { return }
                #expect(attempts.map { $0["status"] } == [503, 503, 503, 503, 204].map { .integer($0) })
                let after = try #require(try await fixture.store.webhook(key))
                #expect(after.failingSince == nil && after.deliveredAt != nil)
            }
        }
    }

    @Test("an endpoint that fails for a day is turned off, and the team's others are told")
    func disabling() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with({ .init(status: $0.path == "/broken" ? 500 : 200) }) { receiver in
                let (key, _) = try await fixture.webhook("broken", receiver.url + "/broken", events: [.run(.failed)])
                try await fixture.webhook("sound", receiver.url + "/sound", events: [.webhookDisabled])
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                let delivery = fixture.delivery(clock, holder: holder)
                _ = try await fixture.run(in: .failed)
                var attempts = 0
                for _ in 0..<30 where try await fixture.store.webhook(key)?.spec.isEnabled == true {
                    attempts += try await fixture.deliverDue(clock, delivery, holder: holder)
                    clock.advance(.seconds(3600))
                    // Another that fails: the first is given up after a day.
                    _ = try await fixture.run(in: .failed)
                }
                let record = try #require(try await fixture.store.webhook(key))
                #expect(!record.spec.isEnabled && record.disabledReason == .failing && attempts > 10)
                try await fixture.deliverDue(clock, delivery, holder: holder)
                let told = receiver.requests.filter { $0.path == "/sound" }
                #expect(told.count == 1)
                #expect(try json(told.first?.body)["data"]?["endpoint"]?["name"]?.string == "broken")
                // Off: nothing is written for it.
                let before = try await fixture.store.deliveries(of: record.id, limit: 500).count
                _ = try await fixture.run(in: .failed)
                #expect(try await fixture.store.deliveries(of: record.id, limit: 500).count == before)
                let audit = try await fixture.store.pool.query(
                    "SELECT why FROM audit_log WHERE action = 'disable' AND subject = 'default/broken'"
                ).decode(String.self)
                #expect(audit == ["failing"])
            }
        }
    }

    @Test("an endpoint that is gone is turned off at once")
    func gone() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with({ _ in .init(status: 410) }) { receiver in
                let (key, _) = try await fixture.webhook("old", receiver.url, events: [.run(.failed)])
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                _ = try await fixture.run(in: .failed)
                try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder), holder: holder)
                #expect(try await fixture.store.webhook(key)?.disabledReason == .gone)
            }
        }
    }

    @Test(
        "a delivery whose process is killed half-way is made by another; the late word of the first counts for nothing"
    )
    func killed() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                let (key, _) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                let clock = MovedClock()
                let dead = StoreFixture.identifier()
                let heir = StoreFixture.identifier()
                _ = try await fixture.run(in: .failed)
                let lost = try await fixture.store.claimDeliveries(
                    holder: dead,
                    now: clock.source.now(),
                    claim: .seconds(60),
                    failing: false,
                    perEndpoint: 4,
                    limit: 10
                )
                #expect(lost.count == 1)
                let delivery = fixture.delivery(clock, holder: heir)
                #expect(try await fixture.deliverDue(clock, delivery, holder: heir) == 0)
                clock.advance(.seconds(61))
                #expect(try await fixture.deliverDue(clock, delivery, holder: heir) == 1)
                let late = try await fixture.store.settle(
                    try #require(lost.first),
                    DeliveryAttempt(at: .now, status: 500, seconds: 1, error: nil),
                    WebhookPolicy.standard.decide(.gone, attempt: 1, ageSeconds: 0, failingForSeconds: nil, random: 0),
                    holder: dead,
                    now: clock.source.now()
                )
                #expect(late == .notOurs)
                let record = try #require(try await fixture.store.webhook(key))
                #expect(record.spec.isEnabled)
                #expect(try await fixture.store.deliveries(of: record.id, limit: 5).map(\.state) == [.delivered])
            }
        }
    }

    @Test("an endpoint that never answers does not delay the others")
    func slow() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with({ $0.path == "/slow" ? nil : .init(status: 200) }) { receiver in
                try await fixture.webhook("slow", receiver.url + "/slow", events: [.run(.failed)])
                try await fixture.webhook("quick", receiver.url + "/quick", events: [.run(.failed)])
                for _ in 0..<12 { _ = try await fixture.run(in: .failed) }
                var settings = StoreFixture.deliverySettings()
                settings.sender.requestTimeout = .seconds(60)
                settings.sender.connections = 8
                settings.perEndpoint = 4
                let delivery = fixture.delivery(MovedClock(), settings)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await delivery.run() }
                    try await eventually(within: .seconds(30), "the quick one was told") {
                        receiver.requests.count { $0.path == "/quick" } == 12
                    }
                    #expect(receiver.requests.count { $0.path == "/slow" } <= 4)
                    group.cancelAll()
                }
            }
        }
    }

    @Test("a redirect is not followed, of a long answer little is read, and half an answer is one")
    func replies() async throws {
        try await StoreFixture.with { fixture in
            let place = Mutex("")
            try await WebhookReceiver.with({ request in
                switch request.path {
                case "/elsewhere": .init(status: 302, headers: [("location", place.withLock { $0 })])
                case "/long": .init(status: 200, bodyBytes: 200 << 20)
                case "/half": .init(status: 200, isHalf: true)
                default: .init(status: 200)
                }
            }) { receiver in
                place.withLock { $0 = receiver.url + "/secret" }
                let (elsewhere, _) = try await fixture.webhook(
                    "elsewhere",
                    receiver.url + "/elsewhere",
                    events: [.run(.failed)]
                )
                let (long, _) = try await fixture.webhook("long", receiver.url + "/long", events: [.run(.failed)])
                let (half, _) = try await fixture.webhook("half", receiver.url + "/half", events: [.run(.failed)])
                _ = try await fixture.run(in: .failed)
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                var settings = StoreFixture.deliverySettings()
                settings.sender.requestTimeout = .seconds(2)
                try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder, settings), holder: holder)
                #expect(!receiver.requests.contains { $0.path == "/secret" })
                for (key, state) in [(elsewhere, DeliveryRecord.State.waiting), (long, .delivered), (half, .delivered)]
                {
                    let record = try #require(try await fixture.store.webhook(key))
                    #expect(
                        try await fixture.store.deliveries(of: record.id, limit: 5).map(\.state) == [state],
                        "\(key.name)"
                    )
                }
            }
        }
    }

    @Test("an address that is not public is refused when it is delivered to, with the reason in the log")
    func refused() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                let (key, _) = try await fixture.webhook("inside", receiver.url, events: [.run(.failed)])
                _ = try await fixture.run(in: .failed)
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                var settings = StoreFixture.deliverySettings()
                settings.sender.policy = AddressPolicy()
                try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder, settings), holder: holder)
                #expect(receiver.requests.isEmpty)
                let record = try #require(try await fixture.store.webhook(key))
                let deliveries = try await fixture.store.deliveries(of: record.id, limit: 5)
                guard case .array(let attempts) = deliveries[0].attempts else { return }
                #expect(
                    attempts.first?["error"]?.string == "its name leads to an address that is not allowed: loopback"
                )
            }
        }
    }

    @Test("a secret is replaced: both sign for a while, then the new one alone")
    func rotation() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                let (key, old) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                let new = WebhookSecret.random()
                _ = try await fixture.store.rotateWebhookSecret(
                    key,
                    to: new.text,
                    keepingPrevious: .seconds(3600),
                    by: "ann"
                )
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                let delivery = fixture.delivery(clock, holder: holder)
                for wait in [0, 3601] {
                    clock.advance(.seconds(wait))
                    _ = try await fixture.run(in: .failed)
                    try await fixture.deliverDue(clock, delivery, holder: holder)
                }
                let signed = try receiver.requests.map { request in
                    let id = try #require(request.headers["webhook-id"])
                    let seconds = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
                    let given = Set((request.headers["webhook-signature"] ?? "").split(separator: " ").map(String.init))
                    return [new, old].map {
                        given.contains($0.signature(id: id, seconds: seconds, body: Array(request.body.utf8)))
                    }
                }
                #expect(signed == [[true, true], [true, false]])
            }
        }
    }

    @Test(
        "what is delivered is what the libraries of Standard Webhooks, CloudEvents and OpenLineage take",
        .enabled(if: pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
    )
    func libraries() async throws {
        let python = try #require(Self.pythonEnvironment) + "/bin/python"
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                var secrets: [String: String] = [:]
                for form in [WebhookForm.slipway, .openlineage] {
                    let (_, secret) = try await fixture.webhook(
                        form.rawValue,
                        "\(receiver.url)/\(form.rawValue)",
                        form: form,
                        events: [.run(.running), .run(.failed), .run(.succeeded), .run(.cancelled)]
                    )
                    secrets["/\(form.rawValue)"] = secret.text
                }
                for state in [RunState.failed, .succeeded, .cancelled] { _ = try await fixture.run(in: state) }
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                try await fixture.deliverDue(clock, fixture.delivery(clock, holder: holder), holder: holder)
                let requests = JSONValue.array(
                    receiver.requests.map { request in
                        .object([
                            "path": .string(request.path), "body": .string(request.body),
                            "secret": .string(secrets[request.path] ?? ""),
                            "headers": .object(request.headers.mapValues { .string($0) }),
                        ])
                    }
                )
                let folder = try TestScratch.shared.folder("webhooks")
                try Data(requests.canonicalText.utf8).write(to: URL(fileURLWithPath: "\(folder)/requests.json"))
                try Data(Self.script.utf8).write(to: URL(fileURLWithPath: "\(folder)/check.py"))
                let process = try TestProcess(python, ["\(folder)/check.py", "\(folder)/requests.json"])
                _ = try await process.waitForExit()
                #expect(process.output.contains("verified 10"), "\(process.output)")
                #expect(process.output.contains("lineage ABORT COMPLETE FAIL START START"), "\(process.output)")
            }
        }
    }

    private static let script = """
        import json, sys
        from standardwebhooks import Webhook
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
        requests = json.load(open(sys.argv[1]))
        for request in requests:
            Webhook(request["secret"]).verify(request["body"], request["headers"])
            try:
                Webhook(request["secret"]).verify(request["body"] + " ", request["headers"])
                sys.exit("a changed body was accepted")
            except Exception as error:
                if isinstance(error, SystemExit): raise
        print("verified", len(requests))
        told = []
        for request in requests:
            if request["path"] != "/openlineage": continue
            event = json.loads(request["body"])
            RunEvent(eventTime=event["eventTime"], producer=event["producer"], eventType=RunState[event["eventType"]],
                run=Run(runId=event["run"]["runId"]), job=Job(namespace=event["job"]["namespace"], name=event["job"]["name"]),
                inputs=event["inputs"], outputs=event["outputs"])
            told.append(event["eventType"])
        print("lineage", *sorted(told))
        """

    private func json(_ text: String?) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(try #require(text).utf8))
    }
}
