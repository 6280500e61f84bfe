internal import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print what a shell needs to complete commands, options and names.",
        discussion: """
            Names of jobs, teams, clusters, schedules, credentials and contexts and ids of runs are asked of the API while you
            type, for at most 2 s.

              source <(slipway completion bash)                                            this shell
              slipway completion bash > ~/.local/share/bash-completion/completions/slipway
              slipway completion zsh > "${fpath[1]}/_slipway"
              slipway completion fish > ~/.config/fish/completions/slipway.fish
            """
    )

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish

        var shell: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() { Terminal.print(Slipway.completionScript(for: shell.shell)) }
}
