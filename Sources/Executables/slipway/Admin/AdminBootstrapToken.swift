internal import ArgumentParser
internal import EventLoop
internal import FoundationEssentials
internal import PostgresClient
internal import RunStore
internal import SlipwayCore

struct AdminBootstrapToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bootstrap-token",
        abstract: "Make the installation's first admin token, once.",
        discussion: """
            Speaks to the database itself, not to the API. Prints the token, or writes it to a file that only you can read. \
            While that token is not revoked there is never a second one: then this exits with 0 and changes nothing.

              slipway admin bootstrap-token --postgres-url postgres://slipway@localhost/slipway
              slipway admin bootstrap-token --to admin-token
            """
    )

    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("Where to write it; else it is printed.", valueName: "file"))
    var to: String?

    func run() async throws {
        try await database.withStore { store in
            let identifiers = RunIdentifiers(now: { .now }, random: { .random(in: 0 ... .max) })
            let token = APIToken(id: identifiers.next())
            let new = NewToken(
                id: token.id,
                name: "bootstrap",
                secretHash: token.secretHash,
                owner: .installation,
                grants: .all,
                isFirst: true
            )
            guard case .done = try await store.create(new, by: "bootstrap") else {
                return Terminal.note("The first admin token was made before; nothing was changed.")
            }
            guard let to else { return Terminal.print(token.text) }
            guard Self.write(token.text, to: to) else {
                _ = try await store.revokeToken(token.id, by: "bootstrap", why: "it could not be written")
                throw Failure(.refused, "\(to) cannot be written, or is there already")
            }
            Terminal.note("The token is in \(to).")
        }
    }

    /// Makes a file that nobody else can read.
    private static func write(_ text: String, to path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
            ? false
            : FileManager.default.createFile(
                atPath: path,
                contents: Data((text + "\n").utf8),
                attributes: [.posixPermissions: 0o600]
            )
    }
}
