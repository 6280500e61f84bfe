import Foundation
import TestSupport

/// An authority, a server's certificate for `localhost` and a client's, and an authority that signed neither.
enum TestCertificates {
    static func make(in folder: String) throws {
        try authority("ca", in: folder)
        try authority("other-ca", in: folder)
        try certificate("server", names: "DNS:localhost", in: folder)
        try certificate("client", names: "DNS:client", in: folder)
    }

    private static func authority(_ name: String, in folder: String) throws {
        try openssl(
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test \(name)"]
                + ["-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem"],
            in: folder
        )
    }

    private static func certificate(_ name: String, names: String, in folder: String) throws {
        try "subjectAltName=\(names)\n".write(
            toFile: "\(folder)/\(name).extensions",
            atomically: true,
            encoding: .utf8
        )
        try openssl(
            ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test \(name)"]
                + ["-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).request"],
            in: folder
        )
        try openssl(
            ["x509", "-req", "-days", "2", "-in", "\(folder)/\(name).request", "-out", "\(folder)/\(name).pem"]
                + ["-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca.key", "-CAcreateserial"]
                + ["-extfile", "\(folder)/\(name).extensions"],
            in: folder
        )
    }

    private static func openssl(_ arguments: [String], in folder: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        guard process.end() == 0 else {
            throw RabbitMQServer.StartFailure(description: "openssl \(arguments.joined(separator: " ")) failed")
        }
    }
}
