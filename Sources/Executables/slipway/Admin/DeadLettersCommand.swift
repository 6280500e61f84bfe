internal import AMQPClient
internal import ArgumentParser
internal import FoundationEssentials
internal import RunMessaging
internal import Settings
internal import SlipwayCore

struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "See and settle the messages that no process could be given.",
        discussion: """
            A message that cannot be read, or was delivered twenty times in vain, is kept apart. It was only a hint: no run is \
            lost by it. Speaks to RabbitMQ itself, not to the API.

              slipway admin dead-letters list
              slipway admin dead-letters show 1
              slipway admin dead-letters resend --all --queue slipway.reports
            """,
        subcommands: [DeadLettersList.self, DeadLettersShow.self, DeadLettersResend.self, DeadLettersDrop.self]
    )
}

/// Where the dead letters are.
struct DeadLettersOptions: ParsableArguments {
    @OptionGroup var broker: BrokerOptions
    @OptionGroup var stack: StackOption

    static let description = CommandDescription(
        name: "slipway admin dead-letters",
        abstract: "settles messages that no process could be given",
        keys: [SharedSettings.amqpURL, SharedSettings.amqpPrefix]
    )

    /// Runs `body` with a connection to the broker.
    func with<Result: Sendable>(_ body: (DeadLetters) async throws -> Result) async throws -> Result {
        let settings = try InstallationSettings.load(Self.description, flags: broker.flags, state: stack.state)
        let names = MessageNames(prefix: try settings(SharedSettings.amqpPrefix))
        do {
            var configuration = try AMQPConfiguration(url: settings(SharedSettings.amqpURL))
            configuration.connectionName = "slipway admin dead-letters"
            configuration.callTimeout = .seconds(5)
            return try await DeadLetters.with(configuration, names: names, logger: Quiet.logger, body)
        } catch let error as AMQPError {
            throw Self.failure(error, names)
        }
    }

    private static func failure(_ error: AMQPError, _ names: MessageNames) -> Failure {
        switch error.code {
        case .invalidConfiguration: Failure(.usage, error.message)
        case .accessRefused: Failure(.noPermission, "the broker refuses the user: \(error.message)")
        case .brokerRefused where error.replyCode == 404:
            Failure(
                .notFound,
                "the broker has no queue \(names.deadLetters)",
                advice: "The processes declare it when they start. Check --amqp-url and --amqp-prefix."
            )
        case .connectFailed, .tlsFailed, .connectionLost, .timedOut, .blocked:
            Failure(
                .unreachable,
                "the broker cannot be reached: \(error.message)",
                advice: "Check --amqp-url and that RabbitMQ runs."
            )
        default: Failure(.software, "\(error)")
        }
    }
}

/// Which messages are meant.
struct DeadLetterSelection: ParsableArguments {
    @Option(name: .customLong("id"), help: "A message's id or its first six characters; may be repeated.")
    var ids: [String] = []

    @Flag(help: "All messages.")
    var all = false

    @Option(help: "With --all, only those that were in this queue.")
    var queue: String?

    func validate() throws {
        guard all != ids.isEmpty else { return }
        throw ValidationError("Say which messages: either --id or --all.")
    }

    /// The messages that are meant now, and how to name them.
    func resolve(_ letters: DeadLetters) async throws -> (selection: DeadLetters.Selection, letters: [DeadLetter]) {
        let present = try await letters.list().letters
        if all { return (.all(queue: queue), present.filter { queue == nil || $0.queue == queue }) }
        let found = try ids.map { try Self.find($0, in: present) }
        return (.ids(Set(found.map(\.id))), found)
    }

    static func find(_ id: String, in letters: [DeadLetter]) throws -> DeadLetter {
        let matches = letters.filter { $0.id == id || (id.count >= 6 && $0.id.hasPrefix(id)) }
        guard let first = matches.first else {
            throw Failure(
                .notFound,
                "no dead letter has the id \(id)",
                advice: "See `slipway admin dead-letters list`."
            )
        }
        guard Set(matches.map(\.id)).count == 1 else {
            throw Failure(.usage, "\(matches.count) dead letters have ids that begin with \(id)")
        }
        return first
    }
}

extension DeadLetters.Outcome {
    /// Says what was done, and fails if something was not.
    func report(_ verb: String, _ format: OutputFormat) throws {
        let count = done.count + doubled.count
        format.show(
            document(verb),
            name: done.map(\.id).joined(separator: "\n"),
            sentence: "\(verb): \(count) \(count == 1 ? "message" : "messages")."
        )
        if !doubled.isEmpty {
            Terminal.note(
                "\(doubled.count) of them may come twice: the connection was lost before they were taken away."
            )
        }
        if isCut { Terminal.note("There are more than were looked at. Repeat the command.") }
        guard failed.isEmpty else {
            throw Failure(
                .refused,
                "\(failed.count) stayed among the dead letters",
                details: failed.prefix(20).map { "\($0.letter.id): \($0.cause)" }
            )
        }
    }

    private func document(_ verb: String) -> Document {
        .object([
            verb: .array((done + doubled).map { .string($0.id) }),
            "failed": .array(
                failed.map { .object(["id": .string($0.letter.id), "cause": .string($0.cause)]) }
            ),
        ])
    }
}

extension DeadLetter {
    /// - Parameter number: its place in the list.
    func document(number: Int, isWhole: Bool) -> Document {
        var members: [String: JSONValue] = [
            "number": .integer(Int64(number)), "id": .string(id), "reason": .string(reason),
            "count": .integer(Int64(count)), "bytes": .integer(Int64(body.count)),
            "text": .string(isWhole ? text : String(text.prefix(200))),
        ]
        if let queue { members["queue"] = .string(queue) }
        if let at { members["at"] = .string(at.description) }
        if let type { members["type"] = .string(type) }
        return .object(members)
    }
}
