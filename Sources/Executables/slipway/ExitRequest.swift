/// Ends the program with a code, without a word: everything was said.
struct ExitRequest: Error {
    let status: ExitStatus
}
