import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Runs tasks one after another on the thread of the test, when it says so.
///
/// Swift's runtime has a hook for whatever is enqueued on the global executor, which default actors use too. While `own`
/// runs, all jobs of the process come here.
final class EventLoop: SerialExecutor, @unchecked Sendable {
    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    private let lock = NSLock()
    private var jobs: [UnownedJob] = []

    /// The loop that jobs go to.
    private final class Current: @unchecked Sendable {
        let hook = dlsym(dlopen(nil, RTLD_LAZY), "swift_task_enqueueGlobal_hook")?.assumingMemoryBound(to: Hook?.self)
        private let lock = NSLock()
        private var current: EventLoop?

        var loop: EventLoop? {
            get { lock.withLock { current } }
            set { lock.withLock { current = newValue } }
        }
    }

    private static let current = Current()

    struct NoHook: Error {}

    /// Does the work while all tasks run on a loop of its own.
    static func own<T>(_ work: (EventLoop) throws -> T) throws -> T {
        guard let hook = current.hook else { throw NoHook() }
        let (loop, before) = (EventLoop(), hook.pointee)
        current.loop = loop
        hook.pointee = { job, _ in EventLoop.current.loop?.enqueue(job) }
        defer {
            loop.runUntilIdle()
            hook.pointee = before
            current.loop = nil
        }
        return try work(loop)
    }

    func enqueue(_ job: UnownedJob) {
        lock.withLock { jobs.append(job) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        enqueue(UnownedJob(job))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    func runUntilIdle() {
        while let job = lock.withLock({ jobs.isEmpty ? nil : jobs.removeFirst() }) {
            job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
