import Testing
import WebhookClient

@Suite struct WebhookSenderTests {
    @Test(
        "no connection is made to an address that is not public, by whatever name",
        arguments: [
            "https://127.0.0.1:1/", "https://localhost:1/", "https://[::1]:1/", "https://[::ffff:127.0.0.1]:1/",
            "https://2130706433:1/", "https://0x7f.1:1/", "https://0:1/", "https://ip6-localhost:1/",
        ]
    )
    func refused(url: String) async {
        let answer = await WebhookSender(WebhookSenderConfiguration()).send(
            WebhookRequest(url: url, headers: [], body: [])
        )
        #expect(answer.status == nil)
        let failure = answer.failure ?? ""
        let isRefused = failure.contains("not allowed")
        // Not every machine knows the last name, and not every one has IPv6.
        #expect(isRefused || (url.contains("ip6-") && failure.contains("resolve")), "\(failure)")
    }

    @Test("http is not spoken unless it is allowed")
    func plainText() async {
        let answer = await WebhookSender(WebhookSenderConfiguration()).send(
            WebhookRequest(url: "http://127.0.0.1:1/", headers: [], body: [])
        )
        #expect(answer.failure == "only https is allowed")
    }

    @Test("a signature is that of the specification's example")
    func signature() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            seconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(
        "what is not a secret is none",
        arguments: ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!"]
    )
    func malformed(text: String) { #expect(WebhookSecret(text) == nil) }

    @Test("a new secret can be read again")
    func random() {
        let secret = WebhookSecret.random()
        #expect(WebhookSecret(secret.text)?.text == secret.text)
        #expect(WebhookSecret.random().text != secret.text)
    }
}
