import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

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

    /// Whether it can be told of: a token is shown in a header, and nothing else must get into that.
    var isSound: Bool { isToken(token) }

    /// Whether it is what became of the session that was to be refreshed, and not somebody else's, or an older answer.
    func continues(_ held: SessionSnapshot?) -> Bool {
        guard let held else { return true }
        return session == held.session && subject == held.subject && generation >= held.generation
    }

    func snapshot(boundTo key: (any ProofKey)?) -> SessionSnapshot {
        SessionSnapshot(
            token: token, subject: subject, session: session, generation: generation,
            expiresAt: Date(unixMillis: expires_at), endsAt: Date(unixMillis: ends_at),
            receivedAt: Date(unixMillis: now), keyThumbprint: key?.thumbprint())
    }
}

private struct Refusal: Decodable {
    var code: String

    /// Codes are words of the server's; what else stands there may be anything, and does not get into an error.
    var isSound: Bool {
        (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
    }
}

/// Whether a text can be a token: the bytes of one, and within the longest of them.
func isToken(_ text: String) -> Bool {
    (1...8192).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
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
    func isOwn(_ url: URL) -> Bool { url.origin == baseURL.origin }

    /// Asks once. The server's answers, also its refusals, tell its time.
    func ask(_ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data, now: Date) async -> (
        answer: Answer, sample: TimeSample?
    ) {
        let token = held?.token
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
            let response = try await inTime { try await transport.send(request) }
            let answer = Self.read(response, for: held)
            return (answer, Self.sample(of: response, answer, sent: sent, received: clock.monotonic))
        } catch {
            return (.nothing(.transport(error), retryAfter: nil), nil)
        }
    }

    /// What the transport answers, or that the request counts as lost: also where a body comes byte by byte, which the time
    /// limit of a `URLRequest` does not end.
    private func inTime(_ send: @escaping @Sendable () async throws -> TransportResponse) async throws -> TransportResponse {
        try await withThrowingTaskGroup(of: TransportResponse?.self) { group in
            group.addTask { try await send() }
            group.addTask { [timeout] in
                try await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() ?? nil else { throw URLError(.timedOut) }
            return response
        }
    }

    /// Strictly: whatever is not in the server's own words ends no session, for a portal or a proxy may have said it.
    private static func read(_ response: TransportResponse, for held: SessionSnapshot?) -> Answer {
        let foreign = Answer.nothing(.foreignAnswer(status: response.status), retryAfter: nil)
        switch response.status {
        case 204: return .done
        case 200:
            guard let answer = decode(SessionAnswer.self, from: response), answer.isSound, answer.continues(held) else {
                return foreign
            }
            return .session(answer)
        case 401, 403:
            guard let refusal = decode(Refusal.self, from: response), refusal.isSound else { return foreign }
            return .refused(code: refusal.code)
        case 429, 503:
            let seconds = response.header("Retry-After").flatMap { Int64($0) }
            return .nothing(.unavailable, retryAfter: seconds.map { .seconds(min(max($0, 0), 3600)) })
        default: return foreign
        }
    }

    private static func decode<T: Decodable>(_: T.Type, from response: TransportResponse) -> T? {
        let type = response.header("Content-Type")?.split(separator: ";").first ?? ""
        guard type.trimmingCharacters(in: .whitespaces).lowercased() == "application/json" else { return nil }
        return try? JSONDecoder().decode(T.self, from: response.body)
    }

    private static func sample(
        of response: TransportResponse, _ answer: Answer, sent: Duration, received: Duration
    ) -> TimeSample? {
        switch answer {
        case .session(let answer):
            return TimeSample(
                server: Date(unixMillis: answer.now), precision: 0.001, sent: sent, received: received)
        case .refused:
            guard let server = response.header("Date").flatMap(httpDate.date(from:)) else { return nil }
            return TimeSample(server: server, precision: 1, sent: sent, received: received)
        case .nothing, .done: return nil
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

extension URL {
    /// Scheme, host and port, as far as there are any.
    var origin: [String?] {
        let scheme = scheme?.lowercased()
        return [scheme, host?.lowercased(), String(port ?? (scheme == "https" ? 443 : 80))]
    }
}
