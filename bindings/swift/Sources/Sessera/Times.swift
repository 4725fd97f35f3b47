import Foundation

// Instants and spans cross as whole milliseconds: `uniffi.toml` of the crate sessera-ffi calls these.

extension Date {
    /// The nearest millisecond since the Unix epoch. What is beyond all calendars is the last or the first one.
    var unixMilliseconds: Int64 {
        Int64(exactly: (timeIntervalSince1970 * 1000).rounded()) ?? (timeIntervalSince1970 < 0 ? .min : .max)
    }
}

extension Swift.Duration {
    /// Whole milliseconds, rounded down; none for a negative span, and some million years at most.
    var wholeMilliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 1 << 50)) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
