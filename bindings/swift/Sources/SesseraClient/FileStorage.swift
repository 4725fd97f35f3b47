import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// In a file that only its owner may read (mode 0600), for desktops and servers. Phones have ``KeychainStorage``.
///
/// It is replaced by a rename after it was written and synced: who is killed meanwhile leaves the old or the new one.
public struct FileStorage: SessionStorage {
    private let path: String

    /// - Parameter file: in a folder that exists. Beside it, a file with the ending `.new` comes and goes.
    public init(_ file: URL) {
        path = file.path
    }

    public func load() throws -> Data? {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            // Only what is really not there is nothing.
            if access(path, F_OK) != 0 && errno == ENOENT { return nil }
            throw error
        }
    }

    public func save(_ data: Data) throws {
        let new = path + ".new"
        // A file left there may belong to another user, or be a link to a file of another user.
        guard unlink(new) == 0 || errno == ENOENT else { throw Self.failure() }
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure() }
        do {
            defer { close(file) }
            try Self.write(data, to: file)
            guard fsync(file) == 0 else { throw Self.failure() }
        }
        guard rename(new, path) == 0 else { throw Self.failure() }
        // The new name has to be on the disk as well; where a folder can't be synced, it will be soon.
        let parent = (path as NSString).deletingLastPathComponent
        let folder = open(parent.isEmpty ? "." : parent, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    public func remove() throws {
        for name in [path + ".new", path] where unlink(name) != 0 && errno != ENOENT {
            throw Self.failure()
        }
    }

    private static func write(_ data: Data, to file: Int32) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { bytes in
                #if canImport(Darwin)
                    Darwin.write(file, bytes.baseAddress, bytes.count)
                #elseif canImport(Glibc)
                    Glibc.write(file, bytes.baseAddress, bytes.count)
                #else
                    Musl.write(file, bytes.baseAddress, bytes.count)
                #endif
            }
            if written < 0 {
                if errno == EINTR { continue }
                throw failure()
            }
            rest = rest.dropFirst(written)
        }
    }

    private static func failure() -> any Error {
        POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
}
