import Foundation

/// The present state, and those who want to hear of the next ones.
final class StateStream: @unchecked Sendable {
    private let lock = NSLock()
    private var state: SessionState
    private var readers: [Int: AsyncStream<SessionState>.Continuation] = [:]
    private var nextReader = 0

    init(_ state: SessionState) {
        self.state = state
    }

    deinit {
        for reader in readers.values { reader.finish() }
    }

    var current: SessionState {
        lock.withLock { state }
    }

    func publish(_ new: SessionState) {
        lock.withLock {
            guard new != state else { return }
            state = new
            for reader in readers.values { reader.yield(new) }
        }
    }

    func updates() -> AsyncStream<SessionState> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let number = lock.withLock {
                nextReader += 1
                readers[nextReader] = continuation
                continuation.yield(state)
                return nextReader
            }
            continuation.onTermination = { [weak self] _ in self?.forget(number) }
        }
    }

    private func forget(_ number: Int) {
        lock.withLock { _ = readers.removeValue(forKey: number) }
    }
}
