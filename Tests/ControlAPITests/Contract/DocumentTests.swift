import ControlAPI
import DevStack
import SlipwayCore
import TestSupport
import Testing

import struct Foundation.Data
import struct Foundation.URL

@Suite struct DocumentTests {
    @Test("every operation is in the document, and nothing else")
    func complete() async throws {
        try await APIFixture.with { api in
            #expect(api.server.undescribed == [])
            #expect(api.server.unserved == [])
            let contract = try #require(try await KnownContract.shared.contract(api.client))
            let ids = contract.promises.map(\.id)
            #expect(Set(ids).count == ids.count, "an operation id stands for two operations")
            #expect(contract.promises.count > 80)
            let atRoot = try await api.client.get("//openapi.json")
            #expect(atRoot.json == contract.document)
        }
    }

    @Test("the document says what it says consistently: examples fit, references lead somewhere, words are known")
    func consistent() async throws {
        try await APIFixture.with { api in
            let contract = try #require(try await KnownContract.shared.contract(api.client))
            for promise in contract.promises {
                #expect(promise.operation["summary"]?.string?.hasSuffix(".") == true, "\(promise.id) has no summary")
                for (type, content) in promise.operation["requestBody"]?["content"]?.members ?? [:] {
                    guard let example = content["example"], let schema = content["schema"] else { continue }
                    let mistakes = contract.checker.mistakes(in: example, schema)
                    #expect(mistakes == [], "the example of \(promise.id) in \(type)")
                }
            }
        }
    }

    @Test(
        "a validator of OpenAPI finds nothing wrong with it",
        .enabled(if: PythonTool.path("openapi-spec-validator") != nil, "openapi-spec-validator is not installed")
    )
    func valid() async throws {
        try await APIFixture.with { api in
            let document = try await api.client.get("/openapi.json").text
            let file = try TestScratch.shared.folder("openapi") + "/openapi.json"
            try Data(document.utf8).write(to: URL(filePath: file))
            let (isSuccess, output) = try await PythonTool.run("openapi-spec-validator", [file])
            #expect(isSuccess, "\(output.prefix(4000))")
        }
    }
}
