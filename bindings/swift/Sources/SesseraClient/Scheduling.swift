import Foundation

/// What ends a request that counts as lost. Tests replace it.
struct Scheduling: Sendable {
    /// Returns after the span that it is given.
    var timer: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
}
