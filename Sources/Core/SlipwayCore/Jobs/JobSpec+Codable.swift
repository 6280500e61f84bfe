extension JobSpec.Engine: Codable {
    private enum CodingKeys: String, CodingKey { case sail }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {  // why: the other form is an object
            guard text == "none" else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "engine is \"none\" or {\"sail\": {…}}")
                )
            }
            self = .none
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self = .sail(try container.decode(JobSpec.SailSettings.self, forKey: .sail))
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .none:
            var container = encoder.singleValueContainer()
            try container.encode("none")
        case .sail(let settings):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(settings, forKey: .sail)
        }
    }
}

extension JobSpec.EnvironmentValue: Codable {
    private enum CodingKeys: String, CodingKey {
        case secret
        case configMap = "config_map"
        case key
    }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {  // why: the other form is an object
            self = .literal(text)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let key = try container.decode(String.self, forKey: .key)
        if let name = try container.decodeIfPresent(String.self, forKey: .secret) {
            self = .secret(name: name, key: key)
        } else {
            self = .configMap(name: try container.decode(String.self, forKey: .configMap), key: key)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if case .literal(let text) = self {
            var container = encoder.singleValueContainer()
            try container.encode(text)
            return
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .literal: break
        case .secret(let name, let key):
            try container.encode(name, forKey: .secret)
            try container.encode(key, forKey: .key)
        case .configMap(let name, let key):
            try container.encode(name, forKey: .configMap)
            try container.encode(key, forKey: .key)
        }
    }
}
