import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The client's side of a session: keeps its token, and has it refreshed in time, once for all who ask.
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
    /// Those who wait for the refresh that is on its way; `nil` when none is.
    private(set) var waiting: [Int: CheckedContinuation<SessionSnapshot, any Error>]?
    private var nextWaiter = 0
    /// Goes up at each sign-in and sign-out: what was begun before must not undo it.
    private var epoch = 0
    /// No question before: the server asked for silence until then. On the monotonic clock.
    private var silentUntil: Duration = .zero

    /// - Parameters:
    ///   - baseURL: where the session's paths begin. `https`, except for tests.
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
        self.clock = clock
        self.settings = settings
        wire = Wire(baseURL: baseURL, transport: transport, clock: clock, timeout: settings.requestTimeout)
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
    @discardableResult
    public func signIn(_ credentials: some Encodable & Sendable) async throws -> SessionSnapshot {
        let key = try keeper.keyForLogin()
        let body = try JSONEncoder().encode(credentials)
        switch await ask("session/login", with: nil, key: key, body: body) {
        case .session(let answer):
            let snapshot = answer.snapshot(boundTo: key)
            // If that fails nothing has changed, and a refresh that is on its way still lands.
            try keeper.begin(snapshot)
            epoch += 1
            publish(.signedIn(snapshot))
            land(.failure(SessionClientError.notSignedIn))
            return snapshot
        case .refused(let code): throw SessionClientError.refused(code: code)
        case .nothing(let cause, _): throw SessionClientError.offline(cause)
        case .done: throw SessionClientError.offline(.foreignAnswer(status: 204))
        }
    }

    /// Signs out: forgets the session here at once, then has the server end it.
    ///
    /// - Throws: ``SessionClientError/offline(_:)`` if the server could not be told. It is signed out here all the same;
    ///   ``SessionClientError/storage(_:)`` if the session could not be removed from the storage.
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
        try end(.signedOut)
        // A refusal is as good: then the session has ended already.
        if case .nothing(let cause, _) = await ask("session/logout", with: held, key: key) {
            throw SessionClientError.offline(cause)
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
        for continuation in all.values {
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
            try? end(.keyLost)
            throw SessionClientError.keyLost
        }
        guard clock.monotonic >= silentUntil else { throw SessionClientError.offline(.unavailable) }
        publish(.refreshing(held))
        var cause = OfflineCause.unavailable
        for attempt in 1...max(1, tries) {
            let answer = await ask("session/refresh", with: held, key: key)
            guard epoch == self.epoch else { throw SessionClientError.notSignedIn }
            switch answer {
            case .session(let answer):
                let snapshot = answer.snapshot(boundTo: key)
                keeper.replace(with: snapshot)
                publish(.signedIn(snapshot))
                return snapshot
            case .refused(let code):
                let reason = SignOutReason(code: code)
                // A dead session that could not be removed from the storage would only be refused again.
                try? end(reason)
                throw reason.error
            case .done: cause = .foreignAnswer(status: 204)
            case .nothing(let why, let retryAfter):
                cause = why
                if let retryAfter, retryAfter > settings.retry.cap {
                    silentUntil = clock.monotonic + retryAfter
                } else if attempt < tries {
                    try await clock.sleep(for: retryAfter ?? settings.retry.delay(after: attempt))
                    guard epoch == self.epoch else { throw SessionClientError.notSignedIn }
                    continue
                }
            }
            break
        }
        publish(.offline(held))
        throw SessionClientError.offline(cause)
    }

    // MARK: Parts

    func authorized(_ request: URLRequest, with session: SessionSnapshot) throws -> URLRequest {
        guard let url = request.url, wire.isOwn(url) else { throw SessionClientError.foreignRequest }
        var authorized = request
        let key = try keeper.key(of: session)
        if let key {
            let now = serverClock.now(at: clock.monotonic) ?? clock.wall
            let method = request.httpMethod ?? "GET"
            do {
                let proof = try key.proof(method: method, url: url, accessToken: session.token, now: now)
                authorized.setValue(proof, forHTTPHeaderField: "DPoP")
            } catch {
                throw SessionClientError.offline(.proof(error))
            }
        }
        authorized.setValue("\(key == nil ? "Bearer" : "DPoP") \(session.token)", forHTTPHeaderField: "Authorization")
        return authorized
    }

    /// Whoever asked may be cancelled meanwhile: what was begun at the server is brought to its end all the same.
    private func ask(
        _ path: String, with held: SessionSnapshot?, key: (any ProofKey)?, body: Data = Data("{}".utf8)
    ) async -> Answer {
        // The device's date is believed only while there is nothing better, which is at a first sign-in.
        let supposed = serverClock.now(at: clock.monotonic) ?? clock.wall
        var measured = await Task { await wire.ask(path, with: held, key: key, body: body, now: supposed) }.value
        serverClock.take(measured.sample)
        if key != nil, case .refused = measured.answer, let now = serverClock.now(at: clock.monotonic),
            abs(now.timeIntervalSince(supposed)) > Wire.proofTolerance
        {
            // The proof was made for another time, so that the refusal may be about that and not about the session.
            measured = await Task { await wire.ask(path, with: held, key: key, body: body, now: now) }.value
            serverClock.take(measured.sample)
        }
        return measured.answer
    }

    private func loaded() throws -> SessionSnapshot {
        let known = keeper.held != nil
        defer { if let ended = keeper.ended { publish(.signedOut(ended)) } }
        let held = try keeper.load()
        if !known { publish(.signedIn(held)) }
        return held
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
