import Testing

@testable import AMQPClient

@Suite struct AddressTests {
    @Test func `Every part is read and decoded`() throws {
        let address = try AMQPAddress(url: "amqps://us%40er:p%3Aw%2F%25@broker.example:5999/team%2Fone")
        #expect(address.isEncrypted)
        #expect((address.host, address.port) == ("broker.example", 5999))
        #expect((address.user, address.password) == ("us@er", "p:w/%"))
        #expect(address.virtualHost == "team/one")
    }

    @Test(arguments: [
        ("amqp://h", "h", 5672, "/"), ("AMQPS://h", "h", 5671, "/"), ("amqp://h/", "h", 5672, "/"),
        ("amqp://h:1/%2F", "h", 1, "/"), ("amqp://[::1]:7/v", "::1", 7, "v"),
        ("amqp://u@[fe80::1]", "fe80::1", 5672, "/"),
        ("amqp://u:a@b@h/v", "h", 5672, "v"),
    ])
    func `What is left out has its usual value`(url: String, host: String, port: Int, virtualHost: String) throws {
        let address = try AMQPAddress(url: url)
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.virtualHost == virtualHost)
    }

    @Test(arguments: [
        "", "http://h", "amqp://", "amqp://u:secret@", "amqp://u:secret@:5672", "amqp://u:secret@h:0",
        "amqp://u:secret@h:65536", "amqp://u:secret@h:x", "amqp://u:secret%2@h", "amqp://u:secret%zz@h",
        "amqp://u:secret%FF@h", "amqp://u:secret%00@h", "amqp://u:secret@h/a/b", "amqp://u:secret@h?x=1",
        "amqp://u:secret@[::1", "amqp://u:secret@[::1]x",
    ])
    func `What cannot be used is refused without showing the password`(url: String) {
        let error = #expect(throws: AMQPError.self) { _ = try AMQPConfiguration(url: url) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `A configuration's texts never show the password`() throws {
        let configuration = try AMQPConfiguration(url: "amqp://user:secret@h:1/v")
        #expect("\(configuration)" == "amqp://user@h:1 virtual host v")
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!(dumped + String(reflecting: configuration)).contains("secret"))
    }
}
