import LocalKubernetes
import Testing

@Suite struct PatchTests {
    @Test func `a merge patch removes with null and replaces lists`() throws {
        let patched = try PatchForm.merge.apply(
            ["a": .null, "b": ["c": 2], "l": [3]],
            to: ["a": 1, "b": ["d": 1], "l": [1, 2]]
        )
        #expect(patched == ["b": ["d": 1, "c": 2], "l": [3]])
    }

    @Test func `a JSON patch applies its operations in order`() throws {
        let patch: JSONValue = [
            ["op": "test", "path": "/a/0", "value": 1], ["op": "add", "path": "/a/-", "value": 3],
            ["op": "replace", "path": "/b~1c", "value": "x"], ["op": "move", "from": "/a/0", "path": "/first"],
            ["op": "copy", "from": "/first", "path": "/second"], ["op": "remove", "path": "/gone"],
        ]
        let patched = try PatchForm.json.apply(patch, to: ["a": [1, 2], "b/c": "y", "gone": true])
        #expect(patched == ["a": [2, 3], "b/c": "x", "first": 1, "second": 1])
    }

    @Test(
        arguments: [
            [["op": "test", "path": "/a", "value": 2]], [["op": "remove", "path": "/x"]],
            [["op": "add", "path": "/x/y", "value": 1]],
            [["op": "explode", "path": "/a"]],
        ] as [JSONValue]
    )
    func `a JSON patch that does not apply is refused`(patch: JSONValue) {
        #expect(throws: APIError.self) { try PatchForm.json.apply(patch, to: ["a": 1]) }
    }

    @Test func `a strategic patch merges lists by their key`() throws {
        let pod: JSONValue = [
            "spec": ["containers": [["name": "a", "image": "1"], ["name": "b", "image": "1"]]],
            "metadata": ["finalizers": ["x", "y"], "labels": ["k": "v"]],
        ]
        let patch: JSONValue = [
            "spec": ["containers": [["name": "b", "image": "2"], ["name": "a", "$patch": "delete"]]],
            "metadata": ["$deleteFromPrimitiveList/finalizers": ["x"], "finalizers": ["z"], "labels": ["k": .null]],
        ]
        let patched = try PatchForm.strategic.apply(patch, to: pod)
        #expect(patched[path: "spec", "containers"] == [["name": "b", "image": "2"]])
        #expect(patched[path: "metadata", "finalizers"] == ["y", "z"])
        #expect(patched[path: "metadata", "labels"] == [:])
    }
}
