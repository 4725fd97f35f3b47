import Foundation
import SesseraClient

/// A device's clocks that move only when the test moves them. `now` is the time since the case began.
final class VirtualTime: DeviceClock, @unchecked Sendable {
    private struct Timer {
        let due: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private let lock = NSLock()
    private let loop: EventLoop
    private let origin: Duration
    private var elapsed: Duration = .zero
    private var date: Date
    private var timers: [Int: Timer] = [:]
    private var cancelled: Set<Int> = []
    private var nextTimer = 0

    init(loop: EventLoop, origin: Duration, wall: Date) {
        (self.loop, self.origin, date) = (loop, origin, wall)
    }

    var now: Duration { lock.withLock { elapsed } }
    var monotonic: Duration { lock.withLock { origin + elapsed } }
    var wall: Date { lock.withLock { date } }

    func setWall(_ date: Date) {
        lock.withLock { self.date = date }
    }

    func sleep(for duration: Duration) async throws {
        let number = lock.withLock {
            nextTimer += 1
            return nextTimer
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = lock.withLock {
                    if cancelled.remove(number) != nil { return true }
                    timers[number] = Timer(due: elapsed + duration, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let timer = lock.withLock {
                let timer = timers.removeValue(forKey: number)
                if timer == nil { cancelled.insert(number) }
                return timer
            }
            timer?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Lets time pass until `end`, or until nothing is waited for; `settled` is called whenever the client is idle.
    func run(until end: Duration?, settled: () -> Void) {
        loop.runUntilIdle()
        settled()
        while let timer = nextDue(until: end) {
            pass(to: timer.due)
            timer.continuation.resume()
            loop.runUntilIdle()
            settled()
        }
        if let end { pass(to: end) }
    }

    /// The device sleeps: the clocks go on, and what was due meanwhile comes afterwards.
    func deviceSleeps(for span: Duration) {
        pass(to: now + span)
    }

    /// Of two at the same time, the one that was there first.
    private func nextDue(until end: Duration?) -> Timer? {
        lock.withLock {
            guard let next = timers.min(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }),
                end.map({ next.value.due <= $0 }) ?? true
            else { return nil }
            return timers.removeValue(forKey: next.key)
        }
    }

    private func pass(to moment: Duration) {
        lock.withLock {
            guard moment > elapsed else { return }
            date += (moment - elapsed) / .seconds(1)
            elapsed = moment
        }
    }
}
