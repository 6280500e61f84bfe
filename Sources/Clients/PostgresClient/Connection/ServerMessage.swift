/// Reading and clearing the texts a server or libpq gives.
enum ServerMessage {
    /// The primary message without what it quotes, where that may be a value.
    ///
    /// Errors of class 22 (data exceptions) repeat the refused value between quotes; the others quote names of objects.
    static func withoutValues(_ message: String, sqlState: String?) -> String {
        guard let sqlState, sqlState.hasPrefix("22"), let first = message.firstIndex(of: "\""),
            let last = message.lastIndex(of: "\""), first < last
        else { return message }
        return message[...first] + "…" + message[last...]
    }

    /// A failed attempt to connect, told apart by what libpq wrote.
    static func connectFailure(_ text: String) -> PostgresError {
        // The first line says what happened; the verbose form adds places in the server's source.
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
        var error = PostgresError(.connectFailed, "cannot connect: \(lines.joined(separator: "; "))")
        if let fatal = text.firstRange(of: "FATAL:  ") {
            let state = text[fatal.upperBound...].prefix(5)
            if state.count == 5, state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }) {
                error.sqlState = String(state)
                error.severity = "FATAL"
            }
        }
        error.isPermanent =
            error.sqlState.map { !error.isRetriable && !$0.hasPrefix("57") } ?? isPermanentTLSProblem(text)
        return error
    }

    /// A certificate that is not accepted, or a server without TLS, stays so until someone acts.
    private static func isPermanentTLSProblem(_ text: String) -> Bool {
        text.contains("certificate") || text.contains("does not support SSL")
    }
}
