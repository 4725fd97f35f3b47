// A process for the tests to kill: a session client over a file that another one signed in.
//
// Arguments: the base URL, the file, and where it dies:
//   before-save   with the refreshed session in hand, before anything of it is on the disk
//   in-save       with half of it written
//   never         refreshes on and on, with a line for each, until it is killed

import Foundation
import SesseraClient

#if canImport(Glibc)
    import Glibc
#endif

struct DyingStorage: SessionStorage {
    let file: URL
    let death: String

    func load() throws -> Data? { try FileStorage(file).load() }
    func remove() throws { try FileStorage(file).remove() }

    func save(_ data: Data) throws {
        switch death {
        case "before-save": die()
        case "in-save":
            try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: file.path + ".new"))
            die()
        default: try FileStorage(file).save(data)
        }
    }

    private func die() {
        kill(getpid(), SIGKILL)
    }
}

let arguments = CommandLine.arguments
let storage = DyingStorage(file: URL(fileURLWithPath: arguments[2]), death: arguments[3])
// However busy the machine is, what it asked for is not lost.
let settings = SessionClientSettings(requestTimeout: .seconds(60))
let client = SessionClient(baseURL: URL(string: arguments[1])!, storage: storage, settings: settings)
var token = try await client.accessToken()
while true {
    FileHandle.standardOutput.write(Data("\(token)\n".utf8))
    token = try await client.session(replacing: token).token
}
