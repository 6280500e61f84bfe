internal import SlipwayCore

extension Call {
    /// Why, in the words of whoever asks, from a body that holds nothing else.
    func why() async throws -> String? {
        var reader = ObjectReader(try await optionalJSON())
        let why = reader.why()
        try reader.check()
        return why
    }
}
