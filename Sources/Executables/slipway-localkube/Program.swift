internal import ArgumentParser
internal import LocalKubernetes

@main
enum Program {
    static func main() async { await LocalKubernetesCommand.main() }
}
