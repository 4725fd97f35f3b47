#!/usr/bin/env python3
"""Changes the generated Swift source where the generator has no setting for it.

Buffers are read and written without a detour through Foundation: the generator's own readers copy every
integer and every text out of a `Data` by its general way, which is most of what a call costs. The state that
a revocation returns may be left unused without a warning.

Each place must be there: a generator that writes otherwise stops the build here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PLACES = [
    (
        """    if T.self == UInt8.self {
        let value = reader.data[reader.offset]
        reader.offset += 1
        return value as! T
    }
    var value: T = 0
    let _ = withUnsafeMutableBytes(of: &value, { reader.data.copyBytes(to: $0, from: range)})
    reader.offset = range.upperBound
    return value.bigEndian
""",
        """    let value = reader.data.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)
    }
    reader.offset = range.upperBound
    return T(bigEndian: value)
""",
    ),
    (
        """        return String(decoding: try readBytes(&buf, count: Int(len)), as: UTF8.self)
""",
        """        let range = buf.offset..<buf.offset + Int(len)
        guard len >= 0, buf.data.count >= range.upperBound else {
            throw UniffiInternalError.bufferOverflow
        }
        buf.offset = range.upperBound
        return buf.data.withUnsafeBytes {
            String(decoding: UnsafeRawBufferPointer(rebasing: $0[range]), as: UTF8.self)
        }
""",
    ),
    (
        """fileprivate func createWriter() -> [UInt8] {
    return []
}
""",
        """fileprivate func createWriter() -> [UInt8] {
    var writer: [UInt8] = []
    writer.reserveCapacity(512)
    return writer
}
""",
    ),
]


# The four revocations, and `end`.
REVOCATION = re.compile(r"^open func \w+\([^)]*\)throws  -> RevocationState\??  {$", re.MULTILINE)
REVOCATIONS = 5


def main(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    unexpected = f"{path} is not as expected: the generator has changed. Look at {__file__}."
    for theirs, ours in PLACES:
        if source.count(theirs) != 1:
            sys.exit(unexpected)
        source = source.replace(theirs, ours)
    source, found = REVOCATION.subn(r"@discardableResult\n\g<0>", source)
    if found != REVOCATIONS:
        sys.exit(unexpected)
    path.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
