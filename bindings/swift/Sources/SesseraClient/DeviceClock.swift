import Foundation

/// The clocks of the device, as something that tests can replace.
public protocol DeviceClock: Sendable {
    /// The device's date. It may be wrong by hours: it is used only for the proof of a first sign-in, and corrected after.
    var wall: Date { get }
    /// Time since some fixed moment, which may be any. Nobody can set it, and it should go on while the device sleeps: a
    /// clock that stands still meanwhile makes a token look younger than it is.
    var monotonic: Duration { get }
    /// Waits between two tries.
    func sleep(for duration: Duration) async throws
}

/// The real ones.
public struct SystemClock: DeviceClock {
    private static let start = ContinuousClock.now

    public init() {}

    public var wall: Date { Date() }
    public var monotonic: Duration { Self.start.duration(to: .now) }
    public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
