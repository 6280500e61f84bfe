import SlipwayCore
import Testing

@testable import ControlAPI

@Suite struct IdentityFileTests {
    @Test("issuers are read with their defaults")
    func defaults() throws {
        let text = """
            issuers:
              - name: corp
                issuer: https://id.example.org
                client_id: slipway
                groups: {ops: {everywhere: operator}, data: {teams: {finance: admin}}}
            """
        let issuer = try #require(try IdentityFile.parse(text).issuers.first)
        #expect(issuer.audiences == ["slipway"] && issuer.algorithms == ["RS256"] && !issuer.trustsEmail)
        #expect(issuer.groups["ops"] == Grants(everywhere: .operator))
        #expect(issuer.groups["data"] == Grants(teams: ["finance": .admin]))
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("issuers: []", "1 to 20"), ("issuers: [{name: a}]", "issuer is required"),
            ("issuers: [{name: a, issuer: 'http://id.example.org', audiences: [x]}]", "https://"),
            ("issuers: [{name: a, issuer: 'https://x', audiences: [x], algorithms: [HS256]}]", "HS256"),
            ("issuers: [{name: a, issuer: 'https://x', audiences: [x], algorithms: [none]}]", "none"),
            ("issuers: [{name: a, issuer: 'https://x'}]", "audiences"),
            ("issuers: [{name: a, issuer: 'https://x', audiences: [x], audience: y}]", "audience is not known"),
            ("providers: []", "providers is not known"),
        ]
    )
    func mistakes(text: String, part: String) {
        let error = #expect(throws: IdentityFileError.self) { try IdentityFile.parse(text) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test("the web's letters for bytes are read as they are written")
    func letters() {
        for count in 0..<20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ 190) }
            #expect(Base64URL.bytes(Base64URL.text(bytes)) == bytes)
        }
        #expect(Base64URL.text(Array("f?>".utf8)) == "Zj8-" && Base64URL.bytes("a+b/") == nil)
    }

    @Test(
        "only a path of this host is gone back to",
        arguments: ["//evil.example", "/\\evil", "https://x", "", "/a b"]
    )
    func ownPaths(path: String) {
        #expect(!LoginOperations.isOwnPath(path) && LoginOperations.isOwnPath("/runs?state=failed"))
    }
}
