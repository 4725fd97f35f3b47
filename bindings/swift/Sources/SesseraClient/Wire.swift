import Foundation

/// What the server's answer means for a session.
enum Answer: Sendable {
    case session(SessionAnswer)
    /// Done, with nothing to say: how a sign-out ends.
    case done
    case refused(code: String)
    case nothing(OfflineCause, retryAfter: Duration?)
}

/// The session in an answer: instants in Unix milliseconds.
struct SessionAnswer: Decodable, Sendable {
    var token: String
    var subject: String
    var session: String
    var generation: UInt64
    var expires_at: Int64
    var ends_at: Int64
    var now: Int64

    func snapshot(boundTo key: (any ProofKey)?) -> SessionSnapshot {
        SessionSnapshot(
            token: token, subject: subject, session: session, generation: generation,
            expiresAt: Date(unixMillis: expires_at), endsAt: Date(unixMillis: ends_at),
            receivedAt: Date(unixMillis: now), keyThumbprint: key?.thumbprint())
    }
}

/// Requests in the words of the server, and its answers.
struct Wire: Sendable {
    let baseURL: URL
    let transport: any Transport
    let clock: any DeviceClock
    let timeout: Duration

    /// By how much a proof's time may be off; servers allow a minute into the past and 5 s into the future.
    static let proofTolerance: TimeInterval = 4

    /// Whether a URL is one of the server's, which may see the token.
    func isOwn(_ url: URL) -> Bool {
        func origin(_ url: URL) -> [String?] {
            let scheme = url.scheme?.lowercased()
            let port = url.port ?? (scheme == "https" ? 443 : 80)
            return [scheme, url.host?.lowercased(), String(port)]
        }
        return origin(url) == origin(baseURL)
    }

    /// Asks once. Every answer, also a refusal, tells the server's time.
    func ask(_ path: String, token: String?, key: (any ProofKey)?, body: Data, now: Date) async -> (
        answer: Answer, sample: TimeSample?
    ) {
        let url = baseURL.appendingPathComponent(path)
        var headers = ["Content-Type": "application/json", "Accept": "application/json"]
        do {
            headers["DPoP"] = try key?.proof(method: "POST", url: url, accessToken: token, now: now)
        } catch {
            return (.nothing(.proof(error), retryAfter: nil), nil)
        }
        if let token { headers["Authorization"] = "\(key == nil ? "Bearer" : "DPoP") \(token)" }
        let request = TransportRequest(method: "POST", url: url, headers: headers, body: body, timeout: timeout)
        let sent = clock.monotonic
        do {
            let response = try await transport.send(request)
            let answer = Self.read(response)
            return (answer, Self.sample(of: response, answer, sent: sent, received: clock.monotonic))
        } catch {
            return (.nothing(.transport(error), retryAfter: nil), nil)
        }
    }

    /// Strictly: whatever is not in the server's own words ends no session, for a portal or a proxy may have said it.
    private static func read(_ response: TransportResponse) -> Answer {
        struct Refusal: Decodable { var code: String }
        let foreign = Answer.nothing(.foreignAnswer(status: response.status), retryAfter: nil)
        switch response.status {
        case 204: return .done
        case 200:
            guard let answer = try? JSONDecoder().decode(SessionAnswer.self, from: response.body) else { return foreign }
            return .session(answer)
        case 401, 403:
            guard let refusal = try? JSONDecoder().decode(Refusal.self, from: response.body) else { return foreign }
            return .refused(code: refusal.code)
        case 429, 503:
            let seconds = response.header("Retry-After").flatMap { Int64($0) }
            return .nothing(.unavailable, retryAfter: seconds.map { .seconds(min(max($0, 0), 3600)) })
        default: return foreign
        }
    }

    private static func sample(
        of response: TransportResponse, _ answer: Answer, sent: Duration, received: Duration
    ) -> TimeSample? {
        switch answer {
        case .session(let answer):
            return TimeSample(
                server: Date(unixMillis: answer.now), precision: 0.001, sent: sent, received: received)
        case .refused, .done:
            guard let server = response.header("Date").flatMap(httpDate.date(from:)) else { return nil }
            return TimeSample(server: server, precision: 1, sent: sent, received: received)
        case .nothing: return nil
        }
    }

    /// RFC 9110, section 5.6.7.
    private static let httpDate: DateFormatter = {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }()
}

extension Date {
    init(unixMillis: Int64) {
        self.init(timeIntervalSince1970: Double(unixMillis) / 1000)
    }
}
