import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Requests over a `URLSession` of its own: no cookies, no cache, no redirects.
public final class URLSessionTransport: NSObject, Transport, @unchecked Sendable {
    private let session: URLSession

    public override init() {
        let settings = URLSessionConfiguration.ephemeral
        settings.httpCookieStorage = nil
        settings.httpShouldSetCookies = false
        settings.urlCache = nil
        settings.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: settings, delegate: NoRedirects(), delegateQueue: nil)
        super.init()
    }

    deinit {
        session.finishTasksAndInvalidate()
    }

    public func send(_ request: TransportRequest) async throws -> TransportResponse {
        var carried = URLRequest(url: request.url)
        carried.httpMethod = request.method
        carried.httpBody = request.body
        carried.timeoutInterval = request.timeout.seconds
        for (name, value) in request.headers { carried.setValue(value, forHTTPHeaderField: name) }
        let (body, response) = try await session.answer(to: carried)
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            if let name = name as? String, let value = value as? String { headers[name] = value }
        }
        return TransportResponse(status: response.statusCode, headers: headers, body: body)
    }
}

/// A token must not follow a redirect to somewhere else.
private final class NoRedirects: NSObject, URLSessionTaskDelegate, Sendable {
    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}

extension URLSession {
    /// The body and the head of an answer. Foundation on Linux has no such method in all versions.
    func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        try await withCheckedThrowingContinuation { continuation in
            let task = dataTask(with: request) { body, response, error in
                if let response = response as? HTTPURLResponse {
                    continuation.resume(returning: (body ?? Data(), response))
                } else {
                    continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
            }
            task.resume()
        }
    }
}
