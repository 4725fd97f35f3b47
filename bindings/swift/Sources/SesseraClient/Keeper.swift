import Foundation

/// What is held here and what is in the storage, and that the two become the same.
struct Keeper {
    private let storage: any SessionStorage
    private let proofKeys: (any ProofKeyStore)?
    private(set) var held: SessionSnapshot?
    /// Why there is no session any more.
    private(set) var ended: SignOutReason?
    private(set) var isStored = true

    init(storage: any SessionStorage, proofKeys: (any ProofKeyStore)?) {
        self.storage = storage
        self.proofKeys = proofKeys
    }

    /// The session, from the storage at the first time.
    mutating func load() throws -> SessionSnapshot {
        if let ended { throw ended.error }
        if let held {
            if !isStored { store(held) }
            return held
        }
        guard let data = try reaching({ try storage.load() }) else { throw SessionClientError.notSignedIn }
        guard let stored = SessionSnapshot(stored: data) else {
            ended = .unreadable
            throw SessionClientError.unreadable
        }
        held = stored
        return stored
    }

    /// A session that began. What can't be stored does not begin.
    mutating func begin(_ snapshot: SessionSnapshot) throws {
        try reaching { try storage.save(snapshot.stored) }
        (held, ended, isStored) = (snapshot, nil, true)
    }

    /// The session went on: that the storage fails is no reason to lose it.
    mutating func replace(with snapshot: SessionSnapshot) {
        held = snapshot
        store(snapshot)
    }

    mutating func end(_ reason: SignOutReason) throws {
        (held, ended, isStored) = (nil, reason, true)
        try reaching { try storage.remove() }
    }

    /// What another process that shares the storage put there since.
    mutating func newerInStorage() -> SessionSnapshot? {
        guard isStored, let held, let data = try? storage.load(), let stored = SessionSnapshot(stored: data),
            stored.session != held.session || stored.generation > held.generation
        else { return nil }
        self.held = stored
        return stored
    }

    /// The key that the session is bound to; `nil` if it is bound to none.
    func key(of snapshot: SessionSnapshot) throws -> (any ProofKey)? {
        guard let thumbprint = snapshot.keyThumbprint else { return nil }
        guard let key = try reaching({ try proofKeys?.load() }), key.thumbprint() == thumbprint else {
            throw SessionClientError.keyLost
        }
        return key
    }

    func keyForLogin() throws -> (any ProofKey)? {
        guard let proofKeys else { return nil }
        return try reaching { try proofKeys.load() ?? proofKeys.make() }
    }

    /// A new key in place of one that no longer signs.
    func newKey() throws -> (any ProofKey)? {
        try proofKeys.map { keys in try reaching { try keys.make() } }
    }

    private mutating func store(_ snapshot: SessionSnapshot) {
        isStored = (try? storage.save(snapshot.stored)) != nil
    }

    private func reaching<T>(_ work: () throws -> T) throws -> T {
        do {
            return try work()
        } catch {
            throw SessionClientError.storage(error)
        }
    }
}
