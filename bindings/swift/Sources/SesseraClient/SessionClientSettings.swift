import Foundation

/// How long a session client waits, and how often it retries.
public struct SessionClientSettings: Sendable {
    /// How a refresh is retried.
    public var retry: RetryPolicy
    /// When a request counts as lost; 4 s.
    public var requestTimeout: Duration
    /// The server's grace: for how long it accepts a token that it has replaced; 10 s, as on the server. If the server's
    /// policy has another grace, set the same here.
    ///
    /// Within one refresh, no request is sent later than `grace` less ``graceMargin`` after the first one was sent, whatever
    /// ``RetryPolicy/attempts`` is. When the next try would be later, the refresh ends with
    /// ``SessionClientError/offline(_:)``, and the session is kept. The next call begins a new refresh with the same token.
    /// If an answer was lost, the server gives the same successor to that refresh too, until the successor has been used
    /// once.
    public var grace: Duration
    /// How much earlier the last try of a refresh must leave, so that it arrives within the grace; 2 s. With a margin as
    /// long as the grace, no refresh is retried.
    public var graceMargin: Duration

    public init(
        retry: RetryPolicy = RetryPolicy(), requestTimeout: Duration = .seconds(4), grace: Duration = .seconds(10),
        graceMargin: Duration = .seconds(2)
    ) {
        self.retry = retry
        self.requestTimeout = requestTimeout
        self.grace = grace
        self.graceMargin = graceMargin
    }
}

/// Retries with growing pauses. Each pause is random between zero and its limit, so that the clients of a server that comes
/// back do not all send at once.
public struct RetryPolicy: Sendable {
    /// How many tries a refresh has in all; 4. The last permitted time of a try is ``SessionClientSettings/grace``.
    public var attempts: Int
    /// The limit of the first pause, doubled for each one after; 250 ms.
    public var base: Duration
    /// The limit of every pause; 3 s. If the server asks for a longer one (`Retry-After`), the refresh ends, and the client
    /// sends no other before that pause is over.
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
        min(cap, base * (1 << min(max(attempt - 1, 0), 20))) * min(max(jitter(), 0), 1)
    }
}

/// When the requests of one refresh may be sent: none later than a span after the first. On the monotonic clock.
struct SendWindow: Sendable {
    /// For requests that are no refresh.
    static let unlimited = SendWindow(nil)

    private let span: Duration?
    private var first: Duration?

    init(_ span: Duration?) {
        self.span = span
    }

    func admits(_ moment: Duration) -> Bool {
        guard let first, let span else { return true }
        return moment - first <= span
    }

    /// A request was sent then. The first one opens the window.
    mutating func sent(_ moment: Duration) {
        first = first ?? moment
    }
}
