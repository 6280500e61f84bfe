/// Writes the file by which kubectl and client libraries find the server.
enum Kubeconfig {
    static func write(_ path: String, address: String, tokenPath: String?) throws {
        var user: JSONObject = [:]
        if let tokenPath {
            user["token"] = .string(String(decoding: readFile(tokenPath) ?? [], as: UTF8.self).trimmed)
        }
        // JSON is YAML too.
        let config: JSONValue = [
            "apiVersion": "v1", "kind": "Config", "current-context": "localkube",
            "clusters": [["name": "localkube", "cluster": ["server": .string(address)]]],
            "users": [["name": "localkube", "user": .object(user)]],
            "contexts": [
                [
                    "name": "localkube",
                    "context": ["cluster": "localkube", "user": "localkube", "namespace": "default"],
                ]
            ],
        ]
        try writeFileAtomically(path, config.encoded() + [UInt8(ascii: "\n")])
    }
}
