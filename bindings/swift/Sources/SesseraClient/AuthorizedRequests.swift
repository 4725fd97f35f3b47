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
    /// A redirect to another server is followed without the token.
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

extension URLSession {
    /// The body and the head of an answer. Foundation on Linux has no such method in all versions.
    func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let started = Started()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let task = dataTask(with: request) { body, response, error in
                    if let response = response as? HTTPURLResponse, error == nil {
                        continuation.resume(returning: (body ?? Data(), response))
                    } else {
                        continuation.resume(throwing: error ?? URLError(.badServerResponse))
                    }
                }
                task.delegate = TokenStaysHere()
                started.begin(task)
            }
        } onCancel: {
            started.cancel()
        }
    }
}

/// On the way to another server, a request leaves the token behind.
private final class TokenStaysHere: NSObject, URLSessionTaskDelegate, Sendable {
    func urlSession(
        _: URLSession, task: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        var next = newRequest
        if next.url?.origin != task.originalRequest?.url?.origin {
            next.setValue(nil, forHTTPHeaderField: "Authorization")
            next.setValue(nil, forHTTPHeaderField: "DPoP")
        }
        completionHandler(next)
    }
}
