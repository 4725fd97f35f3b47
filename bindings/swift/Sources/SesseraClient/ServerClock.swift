import Foundation

/// One reading of the server's time.
struct TimeSample: Sendable {
    /// What the server said.
    var server: Date
    /// How coarsely it said so: 1 ms in the body, 1 s in a `Date` header.
    var precision: TimeInterval
    /// When the request left and the answer came, on the device's monotonic clock.
    var sent: Duration
    var received: Duration
}

/// The server's time, as it was measured. It goes on with the monotonic clock of the device, which no user can set.
struct ServerClock: Sendable {
    private var at: Duration = .zero
    private var time: Date?
    /// How far off `time` may be, to either side.
    private var uncertainty: TimeInterval = 0
    /// How far two clocks part, a second: generous for a quartz.
    private static let drift = 0.0002

    /// The likeliest time; `nil` before the first measurement.
    func now(at monotonic: Duration) -> Date? {
        time?.addingTimeInterval((monotonic - at).seconds)
    }

    /// The latest that it can be: what is good then is good.
    func latest(at monotonic: Duration) -> Date? {
        now(at: monotonic)?.addingTimeInterval(uncertainty(at: monotonic))
    }

    /// Takes the better of what it knows and what it is told; and what it is told where both can't be true.
    mutating func take(_ sample: TimeSample?) {
        guard let sample else { return }
        // The server read its clock at some moment between, and cut off what is finer than the precision.
        let travel = max(0, (sample.received - sample.sent).seconds)
        let slack = (travel + sample.precision) / 2
        let measured = sample.server.addingTimeInterval(slack)
        if let known = now(at: sample.received) {
            let doubt = uncertainty(at: sample.received)
            let apart = abs(known.timeIntervalSince(measured))
            if doubt < slack && apart <= doubt + slack { return }
        }
        (time, at, uncertainty) = (measured, sample.received, slack)
    }

    private func uncertainty(at monotonic: Duration) -> TimeInterval {
        uncertainty + max(0, (monotonic - at).seconds) * Self.drift
    }
}
