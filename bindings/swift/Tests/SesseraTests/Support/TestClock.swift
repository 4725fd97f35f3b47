import Foundation
import SesseraClient

/// A device's clocks in the hands of a test: the date as far off as it likes, and pauses that take no time.
final class TestClock: DeviceClock, @unchecked Sendable {
    private let lock = NSLock()
    private var elapsed: Duration = .zero
    private var offset: TimeInterval
    private var pauses: [Duration] = []

    init(dateOffBy offset: TimeInterval = 0) {
        self.offset = offset
    }

    var wall: Date { lock.withLock { Date().addingTimeInterval(offset + elapsed / .seconds(1)) } }
    var monotonic: Duration { lock.withLock { elapsed } }
    var slept: [Duration] { lock.withLock { pauses } }

    func sleep(for duration: Duration) async throws {
        lock.withLock {
            pauses.append(duration)
            elapsed += duration
        }
    }

    func advance(by duration: Duration) {
        lock.withLock { elapsed += duration }
    }

    /// As a user does in the settings.
    func setDate(offBy offset: TimeInterval) {
        lock.withLock { self.offset = offset }
    }
}

/// One whose pauses last until they are ended.
final class PausingClock: DeviceClock, @unchecked Sendable {
    private let real = SystemClock()
    private let lock = NSLock()
    private var waiting: [CheckedContinuation<Void, Never>] = []

    var wall: Date { real.wall }
    var monotonic: Duration { real.monotonic }
    var sleepers: Int { lock.withLock { waiting.count } }

    func sleep(for _: Duration) async {
        await withCheckedContinuation { continuation in lock.withLock { waiting.append(continuation) } }
    }

    func wake() {
        let all = lock.withLock {
            defer { waiting = [] }
            return waiting
        }
        for one in all { one.resume() }
    }
}
