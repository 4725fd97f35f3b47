import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A request that is begun once, and cancelled at any moment, also before it was begun.
final class Started: @unchecked Sendable {
    private let lock = NSLock()
    private var task: URLSessionTask?
    private var isCancelled = false

    func begin(_ task: URLSessionTask) {
        lock.withLock {
            self.task = task
            task.resume()
            if isCancelled { task.cancel() }
        }
    }

    func cancel() {
        lock.withLock {
            isCancelled = true
            task?.cancel()
        }
    }
}
