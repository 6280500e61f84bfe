/// Something on this machine prevents the stack from running. The message tells what and where to look.
package struct DevStackError: Error, CustomStringConvertible, Equatable {
    package let description: String

    package init(_ description: String) { self.description = description }
}
