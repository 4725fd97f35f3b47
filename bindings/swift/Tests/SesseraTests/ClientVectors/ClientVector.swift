import Foundation

@testable import SesseraClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One case of `tests/vectors/client`, whose README explains it: events in, effects out.
final class ClientVector: @unchecked Sendable {
    private static let base = URL(string: "https://app.example/api")!

    private let loop: EventLoop
    private let time: VirtualTime
    private let faults = Faults()
    private let seen = Effects()
    private let storage: ScriptedStorage
    private let keys: ScriptedKeys?
    private let settings: SessionClientSettings
    private let events: [Members]
    private let expected: [JSONValue]
    private var transport: ScriptedTransport!
    private var client: SessionClient!
    private var pending: [String: [Task<Void, Never>]] = [:]
    private var open: [String: Int] = [:]

    private var shownState = SessionState.signedOut(.notSignedIn)
    private var shownData: JSONValue?
    private var shownStored = true

    init(_ value: JSONValue, on loop: EventLoop) throws {
        let read = try Members(value)
        _ = try read.text("name")
        self.loop = loop
        time = VirtualTime(
            loop: loop, origin: try read.span("monotonic") ?? .zero,
            wall: Date(unixMillis: try read.integer("wall") ?? 1_700_000_000_000))
        settings = try sessionClientSettings(read.members("settings"))
        let answers = try read.list("answers")
        var data = try read.text("stored_text").map { Data($0.utf8) }
        if let session = try read.members("stored") { data = try JSONEncoder().encode(storedSession(session)) }
        storage = ScriptedStorage(data)
        let keyring = try read.members("keys")
        keys = try keyring.map { ScriptedKeys(try $0.text("held")) }
        try keyring?.end()
        events = try read.list("events").map(Members.init)
        expected = try read.list("effects")
        try read.end()
        shownData = Self.json(data)
        transport = ScriptedTransport(time: time, faults: faults, answers: answers) { [unowned self] in try record($0) }
        client = start()
    }

    func run() throws {
        for event in events {
            guard let at = try event.span("at") else { throw BadVector("an event has no `at`") }
            time.run(until: at, settled: settle)
            try take(event)
            try event.end()
        }
        time.run(until: nil, settled: settle)
        if let fault = faults.all.first { throw fault }
        for kind in Effects.kinds {
            let (wanted, came) = try (Effects.sorted(kind, expectedOf(kind)), seen.of(kind))
            guard wanted == came else {
                throw BadVector("effects of the kind \(kind)\nexpected: \(lines(wanted))\nbut were: \(lines(came))")
            }
        }
        if let name = open.first(where: { $0.value > 0 })?.key { throw BadVector("a call never ended: \(name)") }
        if transport.left > 0 { throw BadVector("\(transport.left) answers were left over") }
    }

    private func start() -> SessionClient {
        SessionClient(
            baseURL: Self.base, storage: storage, clock: time, transport: transport, proofKeys: keys, settings: settings,
            scheduling: Scheduling(timer: { [time] in try await time.sleep(for: $0) }))
    }

    // MARK: Events

    private func take(_ event: Members) throws {
        let client = client!
        switch try event.required("do") {
        case "access_token":
            let minTTL = try event.span("min_ttl") ?? .seconds(30)
            try call(event) { ["token": .string(try await client.session(minTTL: minTTL).token)] }
        case "replace":
            let refused = try event.required("token")
            try call(event) { ["token": .string(try await client.session(replacing: refused).token)] }
        case "sign_in":
            let credentials = try event.object("credentials") ?? ["subject": .string("user-42")]
            try call(event) { ["token": .string(try await client.signIn(credentials).token)] }
        case "sign_out":
            try call(event) {
                try await client.signOut()
                return ["done": .bool(true)]
            }
        case "authorize":
            guard let url = URL(string: try event.required("url")) else { throw BadVector("no URL") }
            let method = try event.text("method") ?? "GET"
            try call(event) {
                var request = URLRequest(url: url)
                request.httpMethod = method
                let sent = try await client.authorized(request)
                var effect = try proof(sent.value(forHTTPHeaderField: "DPoP"), method: method, url: url)
                effect["authorization"] = .string(sent.value(forHTTPHeaderField: "Authorization") ?? "")
                return effect
            }
        case "cancel":
            for task in pending.removeValue(forKey: try event.required("call")) ?? [] { task.cancel() }
        case "restart":
            self.client = start()
            (shownState, shownStored) = (.signedOut(.notSignedIn), true)
        case "sleep":
            guard let span = try event.span("for") else { throw BadVector("no `for`") }
            time.deviceSleeps(for: span)
        case "set_wall": time.setWall(Date(unixMillis: try event.requiredInteger("to")))
        case "storage":
            storage.failing = []
            for method in try event.list("fails") {
                guard case .string(let name) = method, ["load", "save", "remove"].contains(name) else {
                    throw BadVector("no such method: \(method)")
                }
                storage.failing.insert(name)
            }
        case "store":
            storage.data = try event.members("session").map { try JSONEncoder().encode(storedSession($0)) }
            shownData = Self.json(storage.data)
        case "keys": try keys!.become(event.required("are"))
        case let unknown: throw BadVector("unknown event: \(unknown)")
        }
    }

    /// Begins a call, whose end is an effect.
    private func call(_ event: Members, _ work: @escaping @Sendable () async throws -> [String: JSONValue]) throws {
        let name = try event.required("call")
        for _ in 0..<(try event.integer("times") ?? 1) {
            open[name, default: 0] += 1
            let task = Task {
                var outcome: [String: JSONValue]
                do {
                    outcome = try await work()
                } catch is CancellationError {
                    outcome = ["cancelled": .bool(true)]
                } catch let error as SessionClientError {
                    outcome = errorEffect(error)
                } catch {
                    return faults.add(error)
                }
                outcome["call"] = .string(name)
                seen.add(outcome, at: time.now)
                open[name, default: 0] -= 1
            }
            pending[name, default: []].append(task)
        }
    }

    // MARK: Effects

    private func record(_ request: TransportRequest) throws {
        let path = request.url.absoluteString.replacingOccurrences(of: "\(Self.base.absoluteString)/session/", with: "")
        let header = request.headers["DPoP"]
        var sent = try proof(header, method: "POST", url: request.url)
        sent["sent"] = .string(path)
        if let shown = request.headers["Authorization"] {
            let parts = shown.split(separator: " ").map(String.init)
            guard parts.count == 2, parts[0] == (header == nil ? "Bearer" : "DPoP") else { throw BadVector(shown) }
            sent["token"] = .string(parts[1])
        }
        let body = try JSONDecoder().decode(JSONValue.self, from: request.body ?? Data())
        if path == "login" {
            sent["credentials"] = body
        } else if body != .object([:]) {
            throw BadVector("a body in \(path)")
        }
        guard request.method == "POST", request.headers["Content-Type"] == "application/json" else {
            throw BadVector("not a POST of JSON")
        }
        seen.add(sent, at: time.now)
    }

    /// After the client has done all that it can do now.
    private func settle() {
        let client = client!
        if client.state != shownState {
            shownState = client.state
            let effect = stateEffect(shownState)
            seen.addUnlessShown(effect, at: time.now)
        }
        let data = Self.json(storage.data)
        if data != shownData { seen.add(["stored": data ?? .null], at: time.now) }
        shownData = data
        Task { [self] in
            let isStored = await client.isStored
            if isStored != shownStored { seen.add(["is_stored": .bool(isStored)], at: time.now) }
            shownStored = isStored
        }
        loop.runUntilIdle()
    }

    private func expectedOf(_ kind: String) throws -> [[String: JSONValue]] {
        try expected.compactMap { effect in
            guard case .object(var members) = effect, try Effects.kind(of: members) == kind else { return nil }
            if let session = members["stored"], session != .null {
                members["stored"] = try storedSession(Members(session))
            }
            return members
        }
    }

    private static func json(_ data: Data?) -> JSONValue? {
        data.map { (try? JSONDecoder().decode(JSONValue.self, from: $0)) ?? .string(String(decoding: $0, as: UTF8.self)) }
    }

    private func lines(_ effects: [[String: JSONValue]]) -> String {
        effects.map { effect in "\n  \(effect.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })" }.joined()
    }
}

/// Effects in the order in which they came, kind by kind.
private final class Effects: @unchecked Sendable {
    static let kinds = ["sent", "call", "state", "stored", "is_stored"]

    private var all: [[String: JSONValue]] = []
    private var lastState: [String: JSONValue] = ["state": .string("signed_out"), "reason": .string("not_signed_in")]

    func add(_ effect: [String: JSONValue], at moment: Duration) {
        all.append(effect.merging(["at": .integer(Int64(moment / .milliseconds(1)))]) { $1 })
    }

    /// States of two tokens of one generation look the same here.
    func addUnlessShown(_ state: [String: JSONValue], at moment: Duration) {
        if state != lastState { add(state, at: moment) }
        lastState = state
    }

    func of(_ kind: String) throws -> [[String: JSONValue]] {
        Self.sorted(kind, try all.filter { try Self.kind(of: $0) == kind })
    }

    static func kind(of effect: [String: JSONValue]) throws -> String {
        let found = kinds.filter { effect[$0] != nil }
        guard found.count == 1 else { throw BadVector("unknown effect: \(effect)") }
        return found[0]
    }

    /// Calls that end at the same time have no order, and equal ends are counted.
    static func sorted(_ kind: String, _ effects: [[String: JSONValue]]) -> [[String: JSONValue]] {
        guard kind == "call" else { return effects }
        var counts: [[String: JSONValue]: Int64] = [:]
        for effect in effects {
            var plain = effect
            if case .integer(let times) = plain.removeValue(forKey: "times") {
                counts[plain, default: 0] += times
            } else {
                counts[plain, default: 0] += 1
            }
        }
        return counts.map { $1 == 1 ? $0 : $0.merging(["times": .integer($1)]) { $1 } }.sorted { first, second in
            guard case .integer(let one) = first["at"], case .integer(let two) = second["at"] else { return false }
            let key = { (effect: [String: JSONValue]) in "\(effect.sorted { $0.key < $1.key })" }
            return (one, key(first)) < (two, key(second))
        }
    }
}

private func sessionClientSettings(_ stated: Members?) throws -> SessionClientSettings {
    let jitter = try stated?.number("jitter") ?? 1
    var settings = SessionClientSettings(retry: RetryPolicy(jitter: { jitter }))
    if let attempts = try stated?.integer("attempts") { settings.retry.attempts = Int(attempts) }
    settings.retry.base = try stated?.span("base") ?? settings.retry.base
    settings.retry.cap = try stated?.span("cap") ?? settings.retry.cap
    settings.requestTimeout = try stated?.span("request_timeout") ?? settings.requestTimeout
    settings.grace = try stated?.span("grace") ?? settings.grace
    settings.graceMargin = try stated?.span("grace_margin") ?? settings.graceMargin
    try stated?.end()
    return settings
}

private func stateEffect(_ state: SessionState) -> [String: JSONValue] {
    let of = { (name: String, session: SessionSnapshot) -> [String: JSONValue] in
        ["state": .string(name), "generation": .integer(Int64(session.generation))]
    }
    switch state {
    case .signedIn(let session): return of("signed_in", session)
    case .refreshing(let session): return of("refreshing", session)
    case .offline(let session): return of("offline", session)
    case .signedOut(let reason):
        var effect: [String: JSONValue] = ["state": .string("signed_out")]
        switch reason {
        case .notSignedIn: effect["reason"] = .string("not_signed_in")
        case .signedOut: effect["reason"] = .string("signed_out")
        case .expired: effect["reason"] = .string("expired")
        case .revoked: effect["reason"] = .string("revoked")
        case .reused: effect["reason"] = .string("reused")
        case .keyLost: effect["reason"] = .string("key_lost")
        case .unreadable: effect["reason"] = .string("unreadable")
        case .refused(let code):
            effect["reason"] = .string("refused")
            effect["code"] = .string(code)
        }
        return effect
    }
}

private func errorEffect(_ error: SessionClientError) -> [String: JSONValue] {
    switch error {
    case .refused(let code): return ["error": .string("refused"), "code": .string(code)]
    case .offline(let cause):
        switch cause {
        case .transport: return ["error": .string("offline"), "why": .string("transport")]
        case .unavailable: return ["error": .string("offline"), "why": .string("unavailable")]
        case .proof: return ["error": .string("offline"), "why": .string("proof")]
        case .foreignAnswer(let status):
            return ["error": .string("offline"), "why": .string("foreign_answer"), "status": .integer(Int64(status))]
        }
    default: return ["error": .string(error.code)]
    }
}

/// The key of a proof and its time; nothing without a proof. What it is about is checked here.
private func proof(_ header: String?, method: String, url: URL) throws -> [String: JSONValue] {
    guard let header else { return [:] }
    let parts = header.split(separator: " ").map(String.init)
    guard parts.count == 4, parts[1] == method, parts[2] == url.absoluteString, let at = Int64(parts[3]) else {
        throw BadVector("a proof for something else: \(header)")
    }
    return ["key": .string(parts[0]), "proof_at": .integer(at)]
}
