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
    /// The key store no longer has the key, or no longer signs with it.
    case keyLost
    /// Nothing was sent: the window of the refresh had closed.
    case tooLate
}

/// The session in an answer.
struct SessionAnswer: Sendable {
    private let token: String
    private let subject: String
    private let session: String
    private let generation: Int64
    private let expiresAt: Date
    private let endsAt: Date
    /// The server's time.
    let now: Date

    init?(_ members: [String: JSONMember]) {
        // A token is sent in a header, and nothing else must get into that.
        guard let token = members.text("token"), isToken(token), let subject = members.text("subject"),
            let session = members.text("session"), let generation = members.whole("generation"),
            let expiresAt = members.instant("expires_at"), let endsAt = members.instant("ends_at"),
            let now = members.instant("now")
        else { return nil }
        (self.token, self.subject, self.session, self.generation) = (token, subject, session, generation)
        (self.expiresAt, self.endsAt, self.now) = (expiresAt, endsAt, now)
    }

    /// Whether it continues the session that was to be refreshed: not another session, nor an older answer.
    func continues(_ held: SessionSnapshot?) -> Bool {
        guard let held else { return true }
        return session == held.session && subject == held.subject && generation >= held.generation
    }

    func snapshot(boundTo key: (any ProofKey)?) -> SessionSnapshot {
        SessionSnapshot(
            token: token, subject: subject, session: session, generation: UInt64(generation), expiresAt: expiresAt,
            endsAt: endsAt, receivedAt: now, keyThumbprint: key?.thumbprint())
    }
}

/// Codes are the server's words. Any other text could be anything, and does not get into an error.
private func isCode(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
        && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
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
    /// Returns after the span that it is given; a request whose answer is not there by then counts as lost.
    let timer: @Sendable (Duration) async throws -> Void

    /// By how much a proof's time may be off; servers allow a minute into the past and 5 s into the future.
    static let proofTolerance: TimeInterval = 4

    /// What came of a request.
    struct Asked: Sendable {
        var answer: Answer
        /// When it left, on the monotonic clock; `nil` if it did not.
        var sent: Duration?
        var sample: TimeSample?
    }

    /// Whether the session's paths can begin at this URL.
    static func isBase(_ url: URL) -> Bool {
        ["https", "http"].contains(url.scheme?.lowercased()) && url.host?.isEmpty == false && url.query == nil
            && url.fragment == nil
    }

    /// Whether a URL is one of the server's, which may see the token.
    func isOwn(_ url: URL) -> Bool { url.origin == baseURL.origin }

    /// Asks once. The server's answers, also its refusals, tell its time.
    func ask(
        _ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data, now: Date, window: SendWindow
    ) async -> Asked {
        let token = held?.token
        let url = baseURL.appendingPathComponent(path)
        var headers = ["Content-Type": "application/json", "Accept": "application/json"]
        do {
            headers["DPoP"] = try key?.proof(method: "POST", url: url, accessToken: token, now: now)
        } catch SessionClientError.keyLost {
            return Asked(answer: .keyLost)
        } catch {
            return Asked(answer: .nothing(.proof(error), retryAfter: nil))
        }
        if let token { headers["Authorization"] = "\(key == nil ? "Bearer" : "DPoP") \(token)" }
        let request = TransportRequest(method: "POST", url: url, headers: headers, body: body, timeout: timeout)
        // A proof can take long: the user may have to unlock the key.
        let sent = clock.monotonic
        guard window.admits(sent) else { return Asked(answer: .tooLate) }
        do {
            let response = try await inTime { try await transport.send(request) }
            let answer = Self.read(response, for: held)
            let sample = Self.sample(of: response, answer, sent: sent, received: clock.monotonic)
            return Asked(answer: answer, sent: sent, sample: sample)
        } catch {
            return Asked(answer: .nothing(.transport(error), retryAfter: nil), sent: sent)
        }
    }

    /// The transport's response, or an error when the request counts as lost. Also ends a body that comes byte by byte,
    /// which the time limit of a `URLRequest` does not end.
    private func inTime(_ send: @escaping @Sendable () async throws -> TransportResponse) async throws -> TransportResponse {
        try await withThrowingTaskGroup(of: TransportResponse?.self) { group in
            group.addTask { try await send() }
            group.addTask {
                try await timer(timeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let response = try await group.next() ?? nil else { throw URLError(.timedOut) }
            return response
        }
    }

    /// Strictly: an answer that is not in the server's own words ends no session. A portal or a proxy may have sent it.
    private static func read(_ response: TransportResponse, for held: SessionSnapshot?) -> Answer {
        let foreign = Answer.nothing(.foreignAnswer(status: response.status), retryAfter: nil)
        switch response.status {
        case 204: return .done
        case 200:
            guard let answer = members(of: response).flatMap(SessionAnswer.init), answer.continues(held) else {
                return foreign
            }
            return .session(answer)
        case 401, 403:
            guard let code = members(of: response)?.text("code"), isCode(code) else { return foreign }
            return .refused(code: code)
        case 429, 503: return .nothing(.unavailable, retryAfter: retryAfter(of: response))
        default: return foreign
        }
    }

    private static func members(of response: TransportResponse) -> [String: JSONMember]? {
        let type = response.header("Content-Type")?.split(separator: ";", omittingEmptySubsequences: false).first ?? ""
        guard type.trimmingCharacters(in: CharacterSet(charactersIn: " \t")).lowercased() == "application/json" else {
            return nil
        }
        return StrictJSON.readObject(response.body)
    }

    /// The seconds that the server asks for, at most an hour; `nil` without a number of them (RFC 9110, section 10.2.3).
    private static func retryAfter(of response: TransportResponse) -> Duration? {
        guard let digits = response.header("Retry-After"), !digits.isEmpty,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return .seconds(min(Int64(digits) ?? 3600, 3600))
    }

    private static func sample(
        of response: TransportResponse, _ answer: Answer, sent: Duration, received: Duration
    ) -> TimeSample? {
        switch answer {
        case .session(let answer):
            return TimeSample(server: answer.now, precision: 0.001, sent: sent, received: received)
        case .refused:
            guard let server = response.header("Date").flatMap(httpDate) else { return nil }
            return TimeSample(server: server, precision: 1, sent: sent, received: received)
        case .nothing, .done, .keyLost, .tooLate: return nil
        }
    }
}

extension Date {
    init(unixMillis: Int64) {
        self.init(timeIntervalSince1970: Double(unixMillis) / 1000)
    }

    var unixMillis: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}

extension URL {
    /// Scheme, host and port, as far as there are any.
    var origin: [String?] {
        let scheme = scheme?.lowercased()
        return [scheme, host?.lowercased(), String(port ?? (scheme == "https" ? 443 : 80))]
    }
}
