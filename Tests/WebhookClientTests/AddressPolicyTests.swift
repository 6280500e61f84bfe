import Testing
import WebhookClient

@Suite struct AddressPolicyTests {
    @Test(
        "addresses that are not public are refused, however they are written",
        arguments: [
            "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1", "100.127.255.255", "0.0.0.0", "224.0.0.1", "239.1.1.1", "255.255.255.255", "192.0.2.7",
            "198.18.0.1", "192.88.99.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
            "2001:db8::1", "2001::1", "3fff::1", "::127.0.0.1", "fec0::1",
        ]
    )
    func refused(text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(AddressPolicy().refusal(of: address) != nil)
    }

    @Test(
        "public addresses are allowed",
        arguments: [
            "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.167.255.255", "2606:4700::1", "2a00:1450::5", "2001:4860::8",
        ]
    )
    func allowed(text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(AddressPolicy().refusal(of: address) == nil)
    }

    @Test("a range that is allowed is allowed in both forms, and nothing beside it")
    func ranges() throws {
        let policy = AddressPolicy(allowed: [
            try #require(NetworkRange("10.1.0.0/16")), try #require(NetworkRange("fd00:1::/33")),
        ])
        for text in ["10.1.255.255", "::ffff:10.1.0.1", "fd00:1:7fff::1"] {
            #expect(policy.refusal(of: try #require(NetworkAddress(text))) == nil, "\(text)")
        }
        for text in ["10.2.0.0", "10.0.255.255", "fd00:1:8000::1", "127.0.0.1"] {
            #expect(policy.refusal(of: try #require(NetworkAddress(text))) != nil, "\(text)")
        }
    }

    @Test(
        "what is not a range is none",
        arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "a/8", "1.2.3.4/8/9"]
    )
    func malformed(text: String) { #expect(NetworkRange(text) == nil) }
}
