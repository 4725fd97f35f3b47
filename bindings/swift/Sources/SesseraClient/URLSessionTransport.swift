import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Requests over a `URLSession` of its own: no cookies, no cache, no redirects.
public final class URLSessionTransport: NSObject, Transport, @unchecked Sendable {
    private let session: URLSession
    private let answers = Answers()

    public override init() {
        let settings = URLSessionConfiguration.ephemeral
        settings.httpCookieStorage = nil
        settings.httpShouldSetCookies = false
        settings.urlCache = nil
        settings.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: settings, delegate: answers, delegateQueue: nil)
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
        let (body, response) = try await answers.answer(of: session.dataTask(with: carried))
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields {
            if let name = name as? String, let value = value as? String { headers[name] = value }
        }
        return TransportResponse(status: response.statusCode, headers: headers, body: body)
    }
}

/// The answers that are on their way: each is read up to a limit, and none leads elsewhere.
private final class Answers: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private struct Reading {
        let continuation: CheckedContinuation<(Data, HTTPURLResponse), any Error>
        var body = Data()
        var isTooLong: Bool { body.count > TransportResponse.limit }
    }

    private let lock = NSLock()
    private var readings: [Int: Reading] = [:]

    func answer(of task: URLSessionDataTask) async throws -> (Data, HTTPURLResponse) {
        let started = Started()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lock.withLock { readings[task.taskIdentifier] = Reading(continuation: continuation) }
                started.begin(task)
            }
        } onCancel: {
            started.cancel()
        }
    }

    func urlSession(_: URLSession, dataTask task: URLSessionDataTask, didReceive part: Data) {
        let isTooLong = lock.withLock {
            // What comes after the limit was passed is not kept.
            guard readings[task.taskIdentifier]?.isTooLong == false else { return true }
            readings[task.taskIdentifier]?.body.append(part)
            return readings[task.taskIdentifier]?.isTooLong == true
        }
        if isTooLong { task.cancel() }
    }

    func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let read = lock.withLock({ readings.removeValue(forKey: task.taskIdentifier) }) else { return }
        if read.isTooLong {
            read.continuation.resume(throwing: URLError(.dataLengthExceedsMaximum))
        } else if let response = task.response as? HTTPURLResponse, error == nil {
            read.continuation.resume(returning: (read.body, response))
        } else {
            read.continuation.resume(throwing: error ?? URLError(.badServerResponse))
        }
    }

    /// A token must not follow a redirect to somewhere else.
    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }
}
