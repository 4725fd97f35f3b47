import Foundation

/// How patient a session client is.
public struct SessionClientSettings: Sendable {
    /// How a refresh is tried again.
    public var retry: RetryPolicy
    /// When a request counts as lost; 4 s. Well within the server's grace (10 s by default): if an answer was lost, the
    /// next try must still come within the grace, else the server has to take it for a reuse.
    public var requestTimeout: Duration

    public init(retry: RetryPolicy = RetryPolicy(), requestTimeout: Duration = .seconds(4)) {
        self.retry = retry
        self.requestTimeout = requestTimeout
    }
}

/// Tries with growing pauses. Each pause is random between nothing and its limit, so that the clients of a server that
/// comes back do not all come at once.
public struct RetryPolicy: Sendable {
    /// How often in all; 4.
    public var attempts: Int
    /// The limit of the first pause, doubled for each one after; 250 ms.
    public var base: Duration
    /// The limit of every pause; 3 s. A server that asks for more gets it: the tries end, and none begin before.
    public var cap: Duration
    /// Between 0 and 1: which part of its limit a pause takes.
    public var jitter: @Sendable () -> Double

    public init(
        attempts: Int = 4,
        base: Duration = .milliseconds(250),
        cap: Duration = .seconds(3),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.attempts = attempts
        self.base = base
        self.cap = cap
        self.jitter = jitter
    }

    /// The pause after the try of that number, from 1.
    func delay(after attempt: Int) -> Duration {
        let limit = min(cap, base * (1 << min(max(attempt - 1, 0), 20)))
        return .milliseconds(Int64(limit.seconds * 1000 * min(max(jitter(), 0), 1)))
    }
}
