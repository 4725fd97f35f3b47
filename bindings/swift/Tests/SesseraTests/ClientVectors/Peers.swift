import Foundation

@testable import SesseraClient

/// Answers requests with what the vector has prepared, one after another.
final class ScriptedTransport: Transport, @unchecked Sendable {
    private let time: VirtualTime
    private let faults: Faults
    private let sent: (TransportRequest) throws -> Void
    private var prepared: [JSONValue]

    init(time: VirtualTime, faults: Faults, answers: [JSONValue], sent: @escaping (TransportRequest) throws -> Void) {
        (self.time, self.faults, prepared, self.sent) = (time, faults, answers, sent)
    }

    var left: Int { prepared.count }

    struct NoNetwork: Error {}

    func send(_ request: TransportRequest) async throws -> TransportResponse {
        do {
            try sent(request)
            guard !prepared.isEmpty else { throw BadVector("a request has no answer: \(request)") }
            return try await answer(Members(prepared.removeFirst()))
        } catch let fault as BadVector {
            faults.add(fault)
            throw fault
        }
    }

    private func answer(_ answer: Members) async throws -> TransportResponse {
        let after = try answer.span("after") ?? .zero
        let (never, fails) = try (answer.flag("never"), answer.flag("fails"))
        let code = try answer.text("code")
        var body = try Data((answer.text("body") ?? "").utf8)
        if let session = try answer.members("session") { body = try sessionAnswer(session) }
        if let code { body = Data(#"{"code":"\#(code)"}"#.utf8) }
        let status = try answer.integer("status") ?? (code == nil ? 200 : 401)
        var headers = ["Content-Type": "application/json"]
        if case .object(let changed) = answer.value("headers") {
            for (name, value) in changed {
                switch value {
                case .string(let text): headers[name] = text
                case .null: headers[name] = nil
                default: throw BadVector("a header is no text: \(name)")
                }
            }
        }
        try answer.end()
        if never { try await time.sleep(for: .seconds(1_000_000_000)) }
        if after > .zero { try await time.sleep(for: after) }
        if fails { throw NoNetwork() }
        return TransportResponse(status: Int(status), headers: headers, body: body)
    }
}

/// What went wrong in a place that has nobody to tell.
final class Faults: @unchecked Sendable {
    private(set) var all: [any Error] = []

    func add(_ fault: any Error) {
        all.append(fault)
    }
}

/// The body of an answer with a session.
private func sessionAnswer(_ told: Members) throws -> Data {
    let now = try told.requiredInteger("now")
    var session = try sessionFacts(told, given: now)
    session["now"] = .integer(now)
    try told.end()
    return try JSONEncoder().encode(session)
}

/// A session as it is stored.
func storedSession(_ told: Members) throws -> JSONValue {
    let received = try told.requiredInteger("received_at")
    var session = try sessionFacts(told, given: received)
    session["v"] = .integer(1)
    session["received_at"] = .integer(received)
    if let key = try told.text("key") { session["key"] = .string(try VectorKey.named(key).thumbprint()) }
    try told.end()
    return .object(session)
}

private func sessionFacts(_ told: Members, given: Int64) throws -> [String: JSONValue] {
    [
        "token": .string(try told.required("token")), "subject": .string(try told.text("subject") ?? "user-42"),
        "session": .string(try told.text("session") ?? "s1"), "generation": .integer(try told.integer("generation") ?? 0),
        "expires_at": .integer(try told.integer("expires_at") ?? given + 1_800_000),
        "ends_at": .integer(try told.integer("ends_at") ?? 1_700_043_200_000),
    ]
}

/// A storage in memory whose methods fail when the vector says so.
final class ScriptedStorage: SessionStorage, @unchecked Sendable {
    struct OutOfReach: Error {}

    var data: Data?
    var failing: Set<String> = []

    init(_ data: Data?) {
        self.data = data
    }

    private func reach(_ method: String) throws {
        if failing.contains(method) { throw OutOfReach() }
    }

    func load() throws -> Data? {
        try reach("load")
        return data
    }

    func save(_ data: Data) throws {
        try reach("save")
        self.data = data
    }

    func remove() throws {
        try reach("remove")
        data = nil
    }
}

/// A key that makes proofs of the right form, without a signature.
struct VectorKey: ProofKey {
    struct IsLocked: Error {}

    let name: String
    var beforeSigning: @Sendable () throws -> Void = {}

    private static let thumbprints = [
        "A": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "B": "FtIu-VbGrfe_KB6CH7GNwODB72MNxj_ml11dEvO-7kk",
    ]

    static func named(_ name: String) throws -> VectorKey {
        guard thumbprints[name] != nil else { throw BadVector("there is no such key: \(name)") }
        return VectorKey(name: name)
    }

    func thumbprint() -> String { Self.thumbprints[name]! }

    func proof(method: String, url: URL, accessToken: String?, now: Date) throws -> String {
        try beforeSigning()
        return "\(name) \(method) \(url.absoluteString) \(Int64(now.timeIntervalSince1970.rounded(.down)))"
    }
}

/// A key store as a platform's: its keys can be locked, lost or gone.
final class ScriptedKeys: ProofKeyStore, @unchecked Sendable {
    struct OutOfReach: Error {}

    private var held: String?
    /// `usable`, `unavailable`, `lost`, `gone` or `unreachable`; of the key that is there.
    private var state = "usable"

    init(_ held: String?) {
        self.held = held
    }

    func become(_ new: String) throws {
        guard ["usable", "unavailable", "lost", "gone", "unreachable"].contains(new) else {
            throw BadVector("keys can't be \(new)")
        }
        if new == "gone" { held = nil }
        state = new
    }

    func load() throws -> (any ProofKey)? {
        if state == "unreachable" { throw OutOfReach() }
        return held.map { VectorKey(name: $0, beforeSigning: sign) }
    }

    func make() throws -> any ProofKey {
        let made = held == nil && state != "gone" ? "A" : "B"
        (held, state) = (made, "usable")
        return VectorKey(name: made, beforeSigning: sign)
    }

    @Sendable private func sign() throws {
        if state == "unavailable" { throw VectorKey.IsLocked() }
        if state == "lost" { throw SessionClientError.keyLost }
    }
}
