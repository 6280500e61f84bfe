import LocalKubernetes
import Testing

@Suite struct SelectorTests {
    static let labels: JSONValue = ["app": "sail", "tier": "engine", "example.com/run": "42", "empty": ""]

    @Test(arguments: [
        ("app=sail", true), ("app==sail", true), ("app=other", false), ("missing=x", false), ("app!=other", true),
        ("app!=sail", false), ("missing!=x", true), ("app in (a, sail)", true), ("app in (a,b)", false),
        ("app notin (a,b)", true), ("missing notin (a)", true), ("app", true), ("missing", false), ("!missing", true),
        ("!app", false), ("app=sail,tier=engine", true), ("app=sail,tier=x", false), ("example.com/run=42", true),
        ("empty=", true), ("app in(sail)", true), ("", true), ("app in (sail),tier notin (x,y),!missing", true),
    ])
    func `label selectors match as written`(text: String, expected: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches(Self.labels) == expected)
    }

    @Test(arguments: ["=x", "a b", "app in sail", "-a=b", "a=b c", "a/b/c=d"])
    func `label selectors that cannot be read are refused with 400`(text: String) {
        #expect { try LabelSelector(parsing: text) } throws: { ($0 as? APIError)?.code == 400 }
    }

    @Test(arguments: [
        ("status.phase=Running", true), ("status.phase!=Running", false), ("spec.nodeName=", true),
        ("metadata.name=a,status.phase==Running", true), ("metadata.name=b", false),
    ])
    func `field selectors match as written`(text: String, expected: Bool) throws {
        let pod: JSONValue = ["metadata": ["name": "a"], "spec": [:], "status": ["phase": "Running"]]
        #expect(try FieldSelector(parsing: text, kind: .pods).matches(pod) == expected)
    }

    @Test func `a field that cannot be selected by is refused with 400`() {
        #expect { try FieldSelector(parsing: "spec.containers=a", kind: .pods) } throws: {
            ($0 as? APIError)?.code == 400
        }
    }
}
