internal import ArgumentParser
internal import RunMessaging
internal import SlipwayCore

struct DeadLettersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one dead letter whole.",
        discussion: """
              slipway admin dead-letters show 1
              slipway admin dead-letters show --id 6f1d2c3b
            """
    )

    @Argument(help: "Its number in the list.")
    var number: Int?

    @Option(help: "Its id, or the first six characters of it.")
    var id: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var options: DeadLettersOptions

    func validate() throws {
        guard (number == nil) == (id == nil) else { return }
        throw ValidationError("Say which message: either its number or --id.")
    }

    func run() async throws {
        let letters = try await options.with { try await $0.list() }.letters
        let index = try index(in: letters)
        let document = letters[index].document(number: index + 1, isWhole: true)
        guard output.format.isForPeople else { return output.format.show(document, name: letters[index].id) }
        var facts = Facts()
        for (title, key) in [
            ("ID", "id"), ("Died", "at"), ("Queue", "queue"), ("Reason", "reason"), ("Count", "count"),
            ("Type", "type"), ("Bytes", "bytes"), ("Text", "text"),
        ] { facts.add(title, document.text(key)) }
        Terminal.print(facts.text)
    }

    private func index(in letters: [DeadLetter]) throws -> Int {
        if let id {
            let found = try DeadLetterSelection.find(id, in: letters)
            return letters.firstIndex(of: found) ?? 0
        }
        guard let number, letters.indices.contains(number - 1) else {
            throw Failure(
                .notFound,
                "there is no dead letter \(number ?? 0); there are \(letters.count)",
                advice: "See `slipway admin dead-letters list`."
            )
        }
        return number - 1
    }
}
