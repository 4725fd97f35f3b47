import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The client's side of a session: keeps its token, and refreshes it in time, once for all callers.
///
/// ```swift
/// let client = SessionClient(baseURL: URL(string: "https://app.example")!, storage: KeychainStorage(service: "app"))
/// try await client.signIn(["subject": "user-42", "password": password])
/// let token = try await client.accessToken(minTTL: .seconds(30))
/// ```
///
/// The server rotates the token at each refresh: `POST session/login`, `session/refresh` and `session/logout` below the
/// base URL. Two copies of one session must not be used side by side, but several processes that share a storage may.
///
/// What time it is, only the server says: its answers are measured against a clock of the device that runs on evenly.
/// The device's date may be hours off, and may be changed at any moment.
public actor SessionClient {
    private let wire: Wire
    private let clock: any DeviceClock
    private let settings: SessionClientSettings
    private var keeper: Keeper
    private var serverClock = ServerClock()
    private let stream = StateStream(.signedOut(.notSignedIn))
    /// The callers that wait for the refresh that is on its way; `nil` when none is.
    private(set) var waiting: [Int: CheckedContinuation<SessionSnapshot, any Error>]?
    private var nextWaiter = 0
    /// Goes up at each sign-in and sign-out: what was begun before must not undo it.
    private var epoch = 0
    /// No refresh is sent before: the server asked for a pause until then. On the monotonic clock.
    private var silentUntil: Duration?

    /// - Parameters:
    ///   - baseURL: where the session's paths begin. `https`, except for tests; it has a host, and neither a query nor a
    ///     fragment.
    ///   - storage: where the session outlives the process.
    ///   - clock: the device's clocks.
    ///   - transport: carries the requests.
    ///   - proofKeys: where the key is that the session gets bound to (DPoP, RFC 9449); `nil`: bound to none.
    public init(
        baseURL: URL,
        storage: any SessionStorage,
        clock: any DeviceClock = SystemClock(),
        transport: any Transport = URLSessionTransport(),
        proofKeys: (any ProofKeyStore)? = nil,
        settings: SessionClientSettings = SessionClientSettings()
    ) {
        self.init(
            baseURL: baseURL, storage: storage, clock: clock, transport: transport, proofKeys: proofKeys,
            settings: settings, scheduling: Scheduling())
    }

    init(
        baseURL: URL, storage: any SessionStorage, clock: any DeviceClock, transport: any Transport,
        proofKeys: (any ProofKeyStore)?, settings: SessionClientSettings, scheduling: Scheduling
    ) {
        precondition(Wire.isBase(baseURL), "the base URL is not one of http or https, or has a query or a fragment")
        self.clock = clock
        self.settings = settings
        wire = Wire(
            baseURL: baseURL, transport: transport, clock: clock, timeout: settings.requestTimeout,
            timer: scheduling.timer)
        keeper = Keeper(storage: storage, proofKeys: proofKeys)
    }

    // MARK: Tokens

    /// A token that is good for `minTTL` or longer, by the server's clock; refreshed first if need be.
    ///
    /// However many ask at once, the server is asked once. A caller whose task is cancelled leaves with
    /// `CancellationError`, and the refresh goes on for the others and for later.
    ///
    /// A token is not refreshed in the first half of its life, whatever `minTTL` says, nor when its session has no
    /// longer to live than it has. After the start of a process the first call refreshes: only then is the time known.
    ///
    /// - Throws: ``SessionClientError``, or `CancellationError`.
    public func accessToken(minTTL: Duration = .seconds(30)) async throws -> String {
        try await session(minTTL: minTTL).token
    }

    /// The same, with all that is known about the session.
    public func session(minTTL: Duration = .seconds(30)) async throws -> SessionSnapshot {
        try Task.checkCancellation()
        let held = try loaded()
        if let now = serverClock.latest(at: clock.monotonic), held.lasts(minTTL, at: now) {
            return held
        }
        return try await refreshed()
    }

    /// The session after a token that the server refused although it looked good here.
    ///
    /// If another call has replaced that token already, this is what it got; else the session is refreshed.
    public func session(replacing refused: String) async throws -> SessionSnapshot {
        try Task.checkCancellation()
        let held = try loaded()
        return try await held.token == refused ? refreshed() : held
    }

    // MARK: Signing in and out

    /// Signs in: `POST session/login` with `credentials` as JSON. The session that was there before is left, not ended.
    ///
    /// A task that is cancelled before the answer is there signs nobody in. A key that no longer signs is replaced by a new
    /// one.
    ///
    /// - Throws: ``SessionClientError``, or `CancellationError`.
    @discardableResult
    public func signIn(_ credentials: some Encodable & Sendable) async throws -> SessionSnapshot {
        try Task.checkCancellation()
        var key = try keeper.keyForLogin()
        let body = try JSONEncoder().encode(credentials)
        var answer = await ask("session/login", with: nil, key: key, body: body)
        if case .keyLost = answer {
            key = try keeper.newKey()
            answer = await ask("session/login", with: nil, key: key, body: body)
        }
        try Task.checkCancellation()
        switch answer {
        case .session(let answer):
            let snapshot = answer.snapshot(boundTo: key)
            // If that fails nothing has changed, and a refresh that is on its way still lands.
            try keeper.begin(snapshot)
            silentUntil = nil
            epoch += 1
            publish(.signedIn(snapshot))
            land(.failure(SessionClientError.notSignedIn))
            return snapshot
        case .refused(let code): throw SessionClientError.refused(code: code)
        case .keyLost: throw SessionClientError.keyLost
        case .done, .nothing, .tooLate: throw offline(answer)
        }
    }

    /// Signs out: forgets the session here at once, then has the server end it.
    ///
    /// A task that is cancelled signs out all the same. Where the session's key can't sign, the request goes without a proof.
    ///
    /// - Throws: ``SessionClientError/offline(_:)`` if the server could not be reached, and
    ///   ``SessionClientError/refused(code:)`` if it refused for another reason than that the session has ended. The client
    ///   is signed out all the same. ``SessionClientError/storage(_:)`` if the session could not be removed from the
    ///   storage; the server has been asked to end it.
    public func signOut() async throws {
        let held: SessionSnapshot
        do {
            held = try loaded()
        } catch SessionClientError.storage(let error) {
            throw SessionClientError.storage(error)
        } catch {
            return // Nobody is signed in.
        }
        let key = try? keeper.key(of: held)
        let removed = Result { try end(.signedOut) }
        // A task of its own is not cancelled with the caller's.
        let answer = await Task { await endAtServer(held, key: key) }.value
        try removed.get()
        switch answer {
        case .done: return
        case .refused(let code):
            // The session may have ended already.
            if !SignOutReason(code: code).isEnd { throw SessionClientError.refused(code: code) }
        case .session, .nothing, .keyLost, .tooLate: throw offline(answer)
        }
    }

    private func endAtServer(_ held: SessionSnapshot, key: (any ProofKey)?) async -> Answer {
        let answer = await ask("session/logout", with: held, key: key)
        switch answer {
        case .keyLost, .nothing(.proof, _): return await ask("session/logout", with: held, key: nil)
        default: return answer
        }
    }

    // MARK: States

    /// The states from now on, the present one first. Any number of readers; a slow one misses the oldest.
    public nonisolated var states: AsyncStream<SessionState> { stream.updates() }

    /// The present state. Before the first call nothing has been read from the storage, which counts as signed out.
    public nonisolated var state: SessionState { stream.current }

    /// Whether the storage holds what is held here. A refreshed session that could not be stored is used all the same,
    /// and each later call tries to store it again; a process that ends before that may find its session `reused`.
    public var isStored: Bool { keeper.isStored }

    // MARK: One refresh for all

    private func refreshed() async throws -> SessionSnapshot {
        if waiting == nil {
            waiting = [:]
            let epoch = self.epoch
            // Of its own: it outlives the task of whoever asked first.
            Task {
                let outcome = await refresh(in: epoch)
                if epoch == self.epoch { land(outcome) }
            }
        }
        let waiter = nextWaiter
        nextWaiter += 1
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting?[waiter] = continuation
                }
            }
        } onCancel: {
            Task { await leave(waiter) }
        }
    }

    private func leave(_ waiter: Int) {
        waiting?.removeValue(forKey: waiter)?.resume(throwing: CancellationError())
    }

    private func land(_ outcome: Result<SessionSnapshot, any Error>) {
        let all = waiting ?? [:]
        waiting = nil
        for (_, continuation) in all.sorted(by: { $0.key < $1.key }) {
            continuation.resume(with: outcome)
        }
    }

    private func refresh(in epoch: Int) async -> Result<SessionSnapshot, any Error> {
        do {
            return .success(try await refresh(in: epoch, tries: settings.retry.attempts))
        } catch {
            return .failure(error)
        }
    }

    private func refresh(in epoch: Int, tries: Int) async throws -> SessionSnapshot {
        guard epoch == self.epoch else { throw SessionClientError.notSignedIn }
        var held = try loaded()
        if let newer = keeper.newerInStorage() {
            // Another process of the app was quicker.
            held = newer
            if let now = serverClock.latest(at: clock.monotonic), newer.isYoung(at: now) {
                publish(.signedIn(newer))
                return newer
            }
        }
        let key: (any ProofKey)?
        do {
            key = try keeper.key(of: held)
        } catch SessionClientError.keyLost {
            throw ended(.keyLost)
        }
        if let silentUntil, clock.monotonic < silentUntil { throw SessionClientError.offline(.unavailable) }
        publish(.refreshing(held))
        var window = SendWindow(settings.grace - settings.graceMargin)
        var last = Answer.tooLate
        for attempt in 1...max(1, tries) {
            let answer = await ask("session/refresh", with: held, key: key, window: &window)
            guard epoch == self.epoch else { throw SessionClientError.notSignedIn }
            switch answer {
            case .session(let answer): return continued(answer.snapshot(boundTo: key))
            case .refused(let code): throw ended(SignOutReason(code: code))
            case .keyLost: throw ended(.keyLost)
            case .nothing, .done: last = answer
            case .tooLate: break
            }
            guard let pause = pause(after: attempt, answer, in: window) else { break }
            try await clock.sleep(for: pause)
            guard epoch == self.epoch else { throw SessionClientError.notSignedIn }
        }
        publish(.offline(held))
        throw offline(last)
    }

    private func continued(_ snapshot: SessionSnapshot) -> SessionSnapshot {
        keeper.replace(with: snapshot)
        silentUntil = nil
        publish(.signedIn(snapshot))
        return snapshot
    }

    /// How long to wait for the next try; `nil` when there is none.
    private func pause(after attempt: Int, _ answer: Answer, in window: SendWindow) -> Duration? {
        var asked: Duration?
        switch answer {
        case .nothing(_, let retryAfter): asked = retryAfter
        case .tooLate: return nil
        default: break
        }
        let pause = max(asked ?? .zero, settings.retry.delay(after: attempt))
        let isShort = asked.map { $0 <= settings.retry.cap } ?? true
        if isShort, attempt < settings.retry.attempts, window.admits(clock.monotonic + pause) { return pause }
        if let asked { silentUntil = clock.monotonic + asked }
        return nil
    }

    /// The error for an answer that is no session.
    private func offline(_ answer: Answer) -> SessionClientError {
        switch answer {
        case .nothing(let cause, _): .offline(cause)
        case .done: .offline(.foreignAnswer(status: 204))
        case .tooLate: .offline(.unavailable)
        case .session, .refused, .keyLost: .offline(.foreignAnswer(status: 200))
        }
    }

    // MARK: Parts

    func authorized(_ request: URLRequest, with session: SessionSnapshot) throws -> URLRequest {
        guard let url = request.url, wire.isOwn(url) else { throw SessionClientError.foreignRequest }
        var authorized = request
        let key = try keeper.key(of: session)
        if let key {
            let method = request.httpMethod ?? "GET"
            do {
                let proof = try key.proof(method: method, url: url, accessToken: session.token, now: now)
                authorized.setValue(proof, forHTTPHeaderField: "DPoP")
            } catch SessionClientError.keyLost {
                throw SessionClientError.keyLost
            } catch {
                throw SessionClientError.offline(.proof(error))
            }
        }
        authorized.setValue("\(key == nil ? "Bearer" : "DPoP") \(session.token)", forHTTPHeaderField: "Authorization")
        return authorized
    }

    private func ask(_ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data = Data("{}".utf8)) async
        -> Answer
    {
        var window = SendWindow.unlimited
        return await ask(path, with: held, key: key, body: body, window: &window)
    }

    /// Sends a request, and measures the server's time by the answer. A proof that was made for another time than the
    /// server's is made once again: the refusal may be about that and not about the session.
    private func ask(
        _ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data = Data("{}".utf8),
        window: inout SendWindow
    ) async -> Answer {
        let (supposed, asked) = (now, clock.monotonic)
        let answer = await askOnce(path, with: held, key: key, body: body, now: supposed, window: &window)
        guard key != nil, case .refused = answer, let measured = serverClock.now(at: asked),
            abs(measured.timeIntervalSince(supposed)) > Wire.proofTolerance
        else { return answer }
        return await askOnce(path, with: held, key: key, body: body, now: now, window: &window)
    }

    private func askOnce(
        _ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data, now: Date, window: inout SendWindow
    ) async -> Answer {
        let asked = await wire.ask(path, with: held, key: key, body: body, now: now, window: window)
        if let sent = asked.sent { window.sent(sent) }
        serverClock.take(asked.sample)
        return asked.answer
    }

    /// The server's time; the device's date only until the first measurement.
    private var now: Date { serverClock.now(at: clock.monotonic) ?? clock.wall }

    private func loaded() throws -> SessionSnapshot {
        let known = keeper.held != nil
        defer { if let ended = keeper.ended { publish(.signedOut(ended)) } }
        let held = try keeper.load()
        if !known { publish(.signedIn(held)) }
        return held
    }

    /// A dead session that could not be removed from the storage would only be refused again.
    private func ended(_ reason: SignOutReason) -> SessionClientError {
        try? end(reason)
        return reason.error
    }

    private func end(_ reason: SignOutReason) throws {
        epoch += 1
        publish(.signedOut(reason))
        defer { land(.failure(reason.error)) }
        try keeper.end(reason)
    }

    private func publish(_ state: SessionState) {
        stream.publish(state)
    }
}
