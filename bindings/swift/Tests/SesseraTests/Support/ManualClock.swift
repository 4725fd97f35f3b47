import Foundation
import Sessera

/// Stands where a test sets it.
final class ManualClock: Clock, @unchecked Sendable {
    private let lock = NSLock()
    private var now: UInt64 = 0

    func set(_ unixMillis: UInt64) { lock.withLock { now = unixMillis } }
    func unixMillis() -> UInt64 { lock.withLock { now } }
}
