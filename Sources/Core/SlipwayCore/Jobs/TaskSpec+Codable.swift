extension TaskSpec {
    private enum CodingKeys: String, CodingKey {
        case name, action, needs, when, always
        case carryOver = "carry_over"
        case forEach = "for_each"
        case retries
        case environment = "env"
        case timeoutSeconds = "timeout_seconds"
        case allowFailure = "allow_failure"
        case output
    }

    /// Members that earlier versions did not write are absent in what they stored.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        action = try container.decode(Action.self, forKey: .action)
        needs = try container.decodeIfPresent([String].self, forKey: .needs)
        when = try container.decodeIfPresent(String.self, forKey: .when)
        always = try container.decodeIfPresent(Bool.self, forKey: .always) ?? false
        carryOver = try container.decodeIfPresent(Bool.self, forKey: .carryOver) ?? true
        forEach = try container.decodeIfPresent(ForEach.self, forKey: .forEach)
        retries = try container.decodeIfPresent(TaskRetries.self, forKey: .retries)
        environment = try container.decode([String: JobSpec.EnvironmentValue].self, forKey: .environment)
        timeoutSeconds = try container.decodeIfPresent(Int.self, forKey: .timeoutSeconds)
        allowFailure = try container.decode(Bool.self, forKey: .allowFailure)
        output = try container.decode(OutputSettings.self, forKey: .output)
    }

    /// What is not said is left out, so that jobs without a graph keep the text they had.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(action, forKey: .action)
        try container.encodeIfPresent(needs, forKey: .needs)
        try container.encodeIfPresent(when, forKey: .when)
        if always { try container.encode(always, forKey: .always) }
        if !carryOver { try container.encode(carryOver, forKey: .carryOver) }
        try container.encodeIfPresent(forEach, forKey: .forEach)
        try container.encodeIfPresent(retries, forKey: .retries)
        try container.encode(environment, forKey: .environment)
        try container.encodeIfPresent(timeoutSeconds, forKey: .timeoutSeconds)
        try container.encode(allowFailure, forKey: .allowFailure)
        try container.encode(output, forKey: .output)
    }
}

extension TaskSpec.Action: Codable {
    private enum CodingKeys: String, CodingKey { case sql, python, command }
    private enum FunctionKeys: String, CodingKey { case module, function }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.sql) {
            self = .sql(try container.decode(TaskSpec.Source.self, forKey: .sql))
        } else if container.contains(.python) {
            // why: the other forms are a text and {"file": …}
            if let function = try? container.nestedContainer(keyedBy: FunctionKeys.self, forKey: .python),
                function.contains(.module)
            {
                let module = try function.decode(String.self, forKey: .module)
                self = .function(module: module, name: try function.decode(String.self, forKey: .function))
            } else {
                self = .python(try container.decode(TaskSpec.Source.self, forKey: .python))
            }
        } else {
            self = .command(try container.decode([String].self, forKey: .command))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .sql(let source): try container.encode(source, forKey: .sql)
        case .python(let source): try container.encode(source, forKey: .python)
        case .function(let module, let name):
            var function = container.nestedContainer(keyedBy: FunctionKeys.self, forKey: .python)
            try function.encode(module, forKey: .module)
            try function.encode(name, forKey: .function)
        case .command(let words): try container.encode(words, forKey: .command)
        }
    }
}

extension TaskSpec.Source: Codable {
    private enum CodingKeys: String, CodingKey { case file }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {  // why: the other form is an object
            self = .text(text)
            return
        }
        self = .file(try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .file))
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .file(let path):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .file)
        }
    }
}

extension TaskSpec.ForEach: Codable {
    private enum CodingKeys: String, CodingKey { case items, parallelism }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        items = try container.decode(Items.self, forKey: .items)
        parallelism = try container.decodeIfPresent(Int.self, forKey: .parallelism)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encodeIfPresent(parallelism, forKey: .parallelism)
    }
}

extension TaskSpec.ForEach.Items: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {  // why: the other form is a list
            self = .expression(text)
        } else {
            self = .list(try container.decode([JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .list(let items): try container.encode(items)
        case .expression(let text): try container.encode(text)
        }
    }
}
