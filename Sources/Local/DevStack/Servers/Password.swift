/// A random password of letters and digits, about 190 bits.
package enum Password {
    private static let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")

    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }
}
