internal import FoundationEssentials
internal import Glibc

/// A file that a person names, or standard input.
enum GivenFile {
    private static let maximumBytes = 1 << 20

    /// How it is called in messages.
    static func shown(_ file: String) -> String { file == "-" ? "standard input" : file }

    /// Its text.
    static func text(_ file: String) throws -> String {
        let data: Data
        if file == "-" {
            data = try standardInput()
        } else {
            do {
                data = try Data(contentsOf: URL(filePath: file))
            } catch {
                let isThere = FileManager.default.fileExists(atPath: file)
                throw Failure(.notFound, "\(file) \(isThere ? "cannot be read" : "does not exist")")
            }
        }
        guard data.count <= maximumBytes else {
            throw Failure(.refused, "\(file) has \(data.count) bytes; allowed are \(maximumBytes)")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure(.refused, "\(file) is not UTF-8 text")
        }
        return text
    }

    /// All of it, or one byte more than is allowed.
    private static func standardInput() throws -> Data {
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while data.count <= maximumBytes {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count > 0 {
                data.append(contentsOf: buffer[..<count])
            } else if count == 0 {
                return data
            } else if errno != EINTR {
                throw Failure(.notFound, "standard input cannot be read")
            }
        }
        return data
    }
}
