internal import FoundationEssentials
internal import Yams

/// A kubeconfig file's content, as far as it is understood. Source: the `config` v1 API of client-go.
struct Kubeconfig: Decodable {
    struct NamedCluster: Decodable {
        var name: String
        var cluster: Cluster
    }

    struct Cluster: Decodable {
        var server: String?
        var certificateAuthority: String?
        var certificateAuthorityData: String?
        var insecureSkipTLSVerify: Bool?
        var tlsServerName: String?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
            case server
            case certificateAuthority = "certificate-authority"
            case certificateAuthorityData = "certificate-authority-data"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case tlsServerName = "tls-server-name"
            case proxyURL = "proxy-url"
        }
    }

    struct NamedUser: Decodable {
        var name: String
        var user: User?
    }

    struct User: Decodable {
        var clientCertificate: String?
        var clientCertificateData: String?
        var clientKey: String?
        var clientKeyData: String?
        var token: String?
        var tokenFile: String?
        var username: String?
        var authProvider: AuthProvider?
        var exec: Exec?
        var impersonatedUser: String?
        var impersonatedGroups: [String]?

        enum CodingKeys: String, CodingKey {
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
            case token, tokenFile, username, exec
            case authProvider = "auth-provider"
            case impersonatedUser = "as"
            case impersonatedGroups = "as-groups"
        }
    }

    struct AuthProvider: Decodable {
        var name: String?
    }

    struct Exec: Decodable {
        struct Variable: Decodable {
            var name: String
            var value: String
        }

        var apiVersion: String?
        var command: String
        var args: [String]?
        var env: [Variable]?
        var provideClusterInfo: Bool?
    }

    struct NamedContext: Decodable {
        var name: String
        var context: Context
    }

    struct Context: Decodable {
        var cluster: String
        var user: String?
        var namespace: String?
    }

    /// An entry with the folder of the file it stood in, which relative paths start from.
    struct Located<Entry> {
        var entry: Entry
        var folder: String
    }

    private struct File: Decodable {
        var currentContext: String?
        var clusters: [NamedCluster]?
        var users: [NamedUser]?
        var contexts: [NamedContext]?

        enum CodingKeys: String, CodingKey {
            case currentContext = "current-context"
            case clusters, users, contexts
        }
    }

    var currentContext: String?
    var clusters: [String: Located<Cluster>] = [:]
    var users: [String: Located<User>] = [:]
    var contexts: [String: Context] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        self.init()
        merge(try File(from: decoder), folder: ".")
    }

    /// Reads files in order; the first to name an entry wins, as `KUBECONFIG` with several paths demands.
    init(paths: [String]) throws(KubernetesError) {
        self.init()
        for path in paths {
            let data = try ConfigurationFile.read(path, field: "kubeconfig")
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            merge(try Self.parse(String(decoding: data, as: UTF8.self), path: path), folder: folder)
        }
    }

    private static func parse(_ text: String, path: String) throws(KubernetesError) -> File {
        do {
            // Aliases are refused before anything expands them.
            guard let node = try Yams.compose(yaml: text) else {
                throw KubernetesError(.configuration, message: "kubeconfig: \(path) is empty")
            }
            return try YAMLDecoder().decode(File.self, from: node)
        } catch let error as KubernetesError {
            throw error
        } catch let error as DecodingError {
            throw KubernetesError(.configuration, message: "kubeconfig: \(path): \(Self.place(of: error))")
        } catch {
            throw KubernetesError(.configuration, message: "kubeconfig: \(path) is not YAML")
        }
    }

    /// Where decoding failed, without the value that stood there: it may be a secret.
    private static func place(of error: DecodingError) -> String {
        let context: DecodingError.Context
        var path: [any CodingKey] = []
        switch error {
        case .keyNotFound(let key, let found): (context, path) = (found, [key])
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found): context = found
        @unknown default: return "unreadable"
        }
        let names = (context.codingPath + path).map { $0.intValue.map(String.init) ?? $0.stringValue }
        return "\(names.joined(separator: ".")) is missing or has the wrong type"
    }

    private mutating func merge(_ file: File, folder: String) {
        if currentContext?.isEmpty ?? true { currentContext = file.currentContext }
        for item in file.clusters ?? [] where clusters[item.name] == nil {
            clusters[item.name] = Located(entry: item.cluster, folder: folder)
        }
        for item in file.users ?? [] where users[item.name] == nil {
            users[item.name] = Located(entry: item.user ?? User(), folder: folder)
        }
        for item in file.contexts ?? [] where contexts[item.name] == nil { contexts[item.name] = item.context }
    }
}
