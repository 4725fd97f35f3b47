import Foundation

/// Carries a request to the server and its answer back. The answers of the server are judged by the client, whatever
/// their status; a transport throws only if there is none.
public protocol Transport: Sendable {
    /// Sends the request. It follows no redirect, stores no cookie, and answers from no cache; it throws for a body of
    /// more than ``TransportResponse/limit`` bytes, and ends when its task is cancelled, as it is when the request counts
    /// as lost.
    func send(_ request: TransportRequest) async throws -> TransportResponse
}

/// A request for a ``Transport``.
public struct TransportRequest: Sendable {
    public var method: String
    public var url: URL
    public var headers: [String: String]
    public var body: Data?
    /// When it counts as lost.
    public var timeout: Duration

    public init(method: String, url: URL, headers: [String: String], body: Data?, timeout: Duration) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// Without the headers, which show the token, and the body, which may have a password in it.
extension TransportRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "TransportRequest(\(method) \(url))" }
    public var debugDescription: String { description }
    /// What `dump` shows.
    public var customMirror: Mirror { Mirror(self, children: ["method": method, "url": url]) }
}

/// What the server answered.
public struct TransportResponse: Sendable {
    /// The longest body that is read, in bytes: a session takes some hundred.
    public static let limit = 64 * 1024

    public var status: Int
    public var headers: [String: String]
    public var body: Data

    public init(status: Int, headers: [String: String], body: Data) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A header, whatever its case.
    func header(_ name: String) -> String? {
        headers.first { $0.key.caseInsensitiveCompare(name) == .orderedSame }?.value
    }
}
