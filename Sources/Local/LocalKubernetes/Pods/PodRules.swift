/// What a pod must fulfil to be accepted: the rules of the API server that apply to what runs here.
enum PodRules {
    static func problems(_ pod: JSONValue) -> [APIError.Cause] {
        guard let spec = pod["spec"] else { return [.required("spec")] }
        var problems: [APIError.Cause] = []
        let volumes = volumeProblems(spec, &problems)
        var names: Set<String> = []
        let containers = spec["containers"]?.elements ?? []
        if containers.isEmpty { problems.append(.required("spec.containers")) }
        for (list, isInit) in [("initContainers", true), ("containers", false)] {
            for (index, container) in (spec[list]?.elements ?? []).enumerated() {
                let field = "spec.\(list)[\(index)]"
                let name = container.text("name")
                if !name.isEmpty, !names.insert(name).inserted { problems.append(.duplicate("\(field).name", name)) }
                containerProblems(container, field, isInit: isInit, volumes, &problems)
            }
        }
        let policies = ["Always", "OnFailure", "Never"]
        if !policies.contains(spec.text("restartPolicy")) {
            problems.append(.notSupported("spec.restartPolicy", spec.text("restartPolicy"), policies))
        }
        if let grace = spec["terminationGracePeriodSeconds"]?.integer, grace < 0 {
            problems.append(
                .invalid("spec.terminationGracePeriodSeconds", String(grace), "must be greater than or equal to 0")
            )
        }
        if let deadline = spec["activeDeadlineSeconds"]?.integer, deadline < 1 {
            problems.append(
                .invalid("spec.activeDeadlineSeconds", String(deadline), "must be between 1 and 2147483647, inclusive")
            )
        }
        return problems
    }

    private static func volumeProblems(_ spec: JSONValue, _ problems: inout [APIError.Cause]) -> Set<String> {
        var names: Set<String> = []
        for (index, volume) in (spec["volumes"]?.elements ?? []).enumerated() {
            let field = "spec.volumes[\(index)].name"
            let name = volume.text("name")
            if name.isEmpty {
                problems.append(.required(field))
            } else if let problem = ObjectName.problem(label: name) {
                problems.append(.invalid(field, name, problem))
            } else if !names.insert(name).inserted {
                problems.append(.duplicate(field, name))
            }
        }
        return names
    }

    private static func containerProblems(
        _ container: JSONValue,
        _ field: String,
        isInit: Bool,
        _ volumes: Set<String>,
        _ problems: inout [APIError.Cause]
    ) {
        let name = container.text("name")
        if name.isEmpty {
            problems.append(.required("\(field).name"))
        } else if let problem = ObjectName.problem(label: name) {
            problems.append(.invalid("\(field).name", name, problem))
        }
        if container.text("image").trimmed.isEmpty { problems.append(.required("\(field).image")) }
        if let policy = container["restartPolicy"]?.text, !isInit || policy != "Always" {
            problems.append(
                isInit
                    ? .notSupported("\(field).restartPolicy", policy, ["Always"])
                    : .forbidden("\(field).restartPolicy", "may not be set for non-init containers")
            )
        }
        let isSidecar = container.text("restartPolicy") == "Always"
        if isInit, !isSidecar {
            for probe in ["startupProbe", "readinessProbe", "livenessProbe", "lifecycle"] where container[probe] != nil
            {
                problems.append(
                    .forbidden("\(field).\(probe)", "must not be set for init containers without restartPolicy=Always")
                )
            }
        }
        for (index, mount) in (container["volumeMounts"]?.elements ?? []).enumerated() {
            let mountField = "\(field).volumeMounts[\(index)]"
            if !volumes.contains(mount.text("name")) {
                problems.append(
                    .init(
                        reason: "FieldValueNotFound",
                        message: "Not found: \"\(mount.text("name"))\"",
                        field: "\(mountField).name"
                    )
                )
            }
            if mount.text("mountPath").isEmpty { problems.append(.required("\(mountField).mountPath")) }
        }
        for (index, variable) in (container["env"]?.elements ?? []).enumerated() {
            variableProblems(variable, "\(field).env[\(index)]", &problems)
        }
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            if let value = container[probe] { probeProblems(value, "\(field).\(probe)", &problems) }
        }
        resourceProblems(container["resources"] ?? [:], "\(field).resources", &problems)
    }

    private static func variableProblems(
        _ variable: JSONValue,
        _ field: String,
        _ problems: inout [APIError.Cause]
    ) {
        let name = variable.text("name")
        if name.isEmpty {
            problems.append(.required("\(field).name"))
        } else if name.contains("=") || !name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            problems.append(
                .invalid(
                    "\(field).name",
                    name,
                    "a valid environment variable name must consist only of printable ASCII characters other than '='"
                )
            )
        }
        guard let source = variable["valueFrom"] else { return }
        if !variable.text("value").isEmpty {
            problems.append(.invalid("\(field).valueFrom", "", "may not be specified when `value` is not empty"))
        }
        let sources = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"].filter { source[$0] != nil }
        if sources.count != 1 {
            problems.append(
                .invalid(
                    "\(field).valueFrom",
                    "",
                    "must specify exactly one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
                )
            )
        }
    }

    private static func probeProblems(_ probe: JSONValue, _ field: String, _ problems: inout [APIError.Cause]) {
        let actions = ["exec", "httpGet", "tcpSocket", "grpc"].filter { probe[$0] != nil }
        if actions.isEmpty { problems.append(.required(field, "must specify a handler type")) }
        if actions.count > 1 { problems.append(.forbidden(field, "may not specify more than 1 handler type")) }
        for key in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            if let value = probe[key]?.integer, value < 0 {
                problems.append(.invalid("\(field).\(key)", String(value), "must be greater than or equal to 0"))
            }
        }
    }

    private static func resourceProblems(
        _ resources: JSONValue,
        _ field: String,
        _ problems: inout [APIError.Cause]
    ) {
        for list in ["limits", "requests"] {
            for (name, value) in resources[list]?.object ?? [:] {
                guard let quantity = Quantity(value), quantity.thousandths >= 0 else {
                    problems.append(
                        .invalid(
                            "\(field).\(list)[\(name)]",
                            value.text ?? value.encodedText,
                            "must be a quantity greater than or equal to 0"
                        )
                    )
                    continue
                }
                if list == "requests", let limit = resources[path: "limits", name].flatMap(Quantity.init),
                    quantity.thousandths > limit.thousandths
                {
                    problems.append(
                        .invalid(
                            "\(field).requests",
                            value.text ?? value.encodedText,
                            "must be less than or equal to \(name) limit of \(resources[path: "limits", name]?.text ?? "")"
                        )
                    )
                }
            }
        }
    }

    /// A pod's spec is fixed but for images, a deadline that comes nearer, and tolerations that are added.
    static func updateProblems(_ pod: JSONValue, present: JSONValue) -> [APIError.Cause] {
        var old = present["spec"] ?? [:]
        var new = pod["spec"] ?? [:]
        for list in ["containers", "initContainers"] {
            old.updateElements(list) { $0["image"] = nil }
            new.updateElements(list) { $0["image"] = nil }
        }
        let oldDeadline = old["activeDeadlineSeconds"]?.integer
        let newDeadline = new["activeDeadlineSeconds"]?.integer
        if let newDeadline, newDeadline > 0, newDeadline <= oldDeadline ?? .max {
            old["activeDeadlineSeconds"] = nil
            new["activeDeadlineSeconds"] = nil
        }
        let tolerations = new["tolerations"]?.elements ?? []
        if (old["tolerations"]?.elements ?? []).allSatisfy(tolerations.contains) {
            old["tolerations"] = nil
            new["tolerations"] = nil
        }
        old["terminationGracePeriodSeconds"] = nil
        new["terminationGracePeriodSeconds"] = nil
        guard old != new else { return [] }
        return [
            .forbidden(
                "spec",
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
            )
        ]
    }
}
