import Foundation

/// Where a session outlives the process. What is stored is opaque, some hundred bytes, and as secret as a password.
///
/// Calls come one after another, from one task at a time.
public protocol SessionStorage: Sendable {
    /// What was saved last; `nil` if there is nothing. Throws if that can't be found out now.
    func load() throws -> Data?
    /// Replaces what was there. Whatever happens meanwhile, either the old or the new is found afterwards, whole.
    func save(_ data: Data) throws
    /// Removes what is there.
    func remove() throws
}

/// For as long as the process lives.
public final class InMemoryStorage: SessionStorage, @unchecked Sendable {
    private let lock = NSLock()
    private var data: Data?

    public init() {}

    public func load() -> Data? { lock.withLock { data } }
    public func save(_ data: Data) { lock.withLock { self.data = data } }
    public func remove() { lock.withLock { data = nil } }
}
