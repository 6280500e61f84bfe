extension KubernetesClient {
    /// The API server's clock when it answered, in whole seconds; `nil` if it does not tell.
    package func serverTime(timeout: Duration? = nil) async throws(KubernetesError) -> KubernetesTime? {
        let response = try await exchange(APIRequest(method: .get, path: "/version", timeout: timeout))
        return response.head.date.flatMap { KubernetesTime(httpDate: $0) }
    }
}

extension KubernetesTime {
    /// The form of HTTP's `Date` header, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 6, words[5] == "GMT", words[1].count == 2,
            let month = months.firstIndex(of: words[2]).map({ $0 + 1 })
        else { return nil }
        self.init("\(words[3])-\(month < 10 ? "0" : "")\(month)-\(words[1])T\(words[4])Z")
    }
}
