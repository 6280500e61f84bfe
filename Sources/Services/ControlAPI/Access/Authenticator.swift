internal import Hummingbird
internal import SlipwayCore

/// Finds out who asks.
struct Authenticator: Sendable {
    let access: AccessControl

    func caller(of request: Request) async -> Result<Principal, Problem> {
        do throws(Problem) {
            return .success(try await principal(of: request))
        } catch {
            return .failure(error)
        }
    }

    private func principal(of request: Request) async throws(Problem) -> Principal {
        switch access {
        case .token(let token):
            guard let given = AccessControl.bearer(request), AccessControl.areEqual(given, token) else {
                throw Problem.unauthorized
            }
            return .installation
        case .open:
            guard AccessControl.isLocal(request) else { throw Problem.forbiddenOrigin }
            return .local
        }
    }
}
