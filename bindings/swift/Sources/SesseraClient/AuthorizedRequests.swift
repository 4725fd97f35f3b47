import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension SessionClient {
    /// The request with the session's token, and the proof if the session is bound to a key.
    ///
    /// - Throws: ``SessionClientError/foreignRequest`` unless it goes to the scheme, host and port of the base URL.
    public func authorized(_ request: URLRequest, minTTL: Duration = .seconds(30)) async throws -> URLRequest {
        try await authorized(request, with: session(minTTL: minTTL))
    }
}

extension URLSession {
    /// Loads a request with the session's token. If the server answers 401, the token is refreshed and it is sent once more.
    ///
    /// The body must be in the request (`httpBody`), not in a stream.
    public func data(for request: URLRequest, with client: SessionClient) async throws -> (Data, HTTPURLResponse) {
        let session = try await client.session()
        let first = try await answer(to: client.authorized(request, with: session))
        guard first.1.statusCode == 401 else { return first }
        let next = try await client.session(replacing: session.token)
        return try await answer(to: client.authorized(request, with: next))
    }
}
