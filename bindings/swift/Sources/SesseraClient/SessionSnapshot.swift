import Foundation

/// What is known about a session at one moment. It never changes: a refresh makes the next one.
///
/// All instants are the server's. A description does not show the token.
public struct SessionSnapshot: Sendable, Hashable, Codable {
    /// The session token, for `Authorization: Bearer` (or `DPoP`, if the session is bound to a key).
    public let token: String
    /// Who is signed in.
    public let subject: String
    /// The id of the session, the same through all of its refreshes.
    public let session: String
    /// How often it was refreshed.
    public let generation: UInt64
    /// Until when the token is good.
    public let expiresAt: Date
    /// When the session ends whatever happens.
    public let endsAt: Date
    /// When the server gave the token out.
    public let receivedAt: Date
    /// The thumbprint (RFC 7638) of the key that the session is bound to; `nil` if it is bound to none.
    public let keyThumbprint: String?

    /// Whether the token is good for that long from `now`; longer than half of its life is never asked for.
    func lasts(_ minTTL: Duration, at now: Date) -> Bool {
        let left = expiresAt.timeIntervalSince(now)
        if expiresAt >= endsAt { return left > 0 }
        return left > 0 && left >= min(minTTL.seconds, halfLife)
    }

    /// Whether it is in the first half of its life.
    func isYoung(at now: Date) -> Bool {
        expiresAt.timeIntervalSince(now) >= halfLife
    }

    private var halfLife: TimeInterval { expiresAt.timeIntervalSince(receivedAt) / 2 }
}

extension SessionSnapshot: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "SessionSnapshot(\(session), generation \(generation))" }
    public var debugDescription: String { description }
    /// What `dump` shows.
    public var customMirror: Mirror { Mirror(self, children: ["session": session, "generation": generation]) }
}

/// The form in a storage: JSON, with the version of the form. The Kotlin client writes the same.
extension SessionSnapshot {
    private struct Stored: Encodable {
        var v = 1
        var token: String
        var subject: String
        var session: String
        var generation: UInt64
        var expires_at: Int64
        var ends_at: Int64
        var received_at: Int64
        var key: String?
    }

    /// Nil for data that are no session in this form: cut short, or of a later version.
    init?(stored: Data) {
        guard let stored = StrictJSON.readObject(stored), stored.whole("v") == 1,
            let token = stored.text("token"), isToken(token), let subject = stored.text("subject"),
            let session = stored.text("session"), let generation = stored.whole("generation"),
            let expiresAt = stored.instant("expires_at"), let endsAt = stored.instant("ends_at"),
            let receivedAt = stored.instant("received_at"), stored["key"] == nil || stored.text("key") != nil
        else { return nil }
        self.init(
            token: token, subject: subject, session: session, generation: UInt64(generation), expiresAt: expiresAt,
            endsAt: endsAt, receivedAt: receivedAt, keyThumbprint: stored.text("key"))
    }

    var stored: Data {
        get throws {
            try JSONEncoder().encode(
                Stored(
                    token: token, subject: subject, session: session, generation: generation,
                    expires_at: expiresAt.unixMillis, ends_at: endsAt.unixMillis, received_at: receivedAt.unixMillis,
                    key: keyThumbprint))
        }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
