package dev.sessera.client

import java.nio.ByteBuffer
import java.nio.channels.FileChannel
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.LinkOption.NOFOLLOW_LINKS
import java.nio.file.NoSuchFileException
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.StandardOpenOption
import java.nio.file.attribute.PosixFilePermissions

/**
 * In a file that only its owner may read, for desktops and servers. Phones have the Android Keystore.
 *
 * It is replaced by a rename after it was written and synced: who is killed meanwhile leaves the old or the new one.
 *
 * @param file in a folder that exists. Beside it, a file with the ending `.new` comes and goes.
 */
public class FileStorage(private val file: Path) : SessionStorage {
    private val new: Path = file.resolveSibling("${file.fileName}.new")

    override fun load(): String? = try {
        // Bytes that are no text are no session, and no failure of the storage.
        Files.readAllBytes(file).decodeToString()
    } catch (_: NoSuchFileException) {
        null
    }

    @Synchronized
    override fun save(text: String) {
        // A file left there may belong to another user, or be a link to a file of another user.
        Files.deleteIfExists(new)
        val options = setOf(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, NOFOLLOW_LINKS)
        FileChannel.open(new, options, *ownerOnly).use { channel ->
            val bytes = ByteBuffer.wrap(text.encodeToByteArray())
            while (bytes.hasRemaining()) channel.write(bytes)
            channel.force(true)
        }
        Files.move(new, file, ATOMIC_MOVE)
        // The new name has to be on the disk as well; where a folder can't be synced, it will be soon.
        runCatching { FileChannel.open(file.toAbsolutePath().parent).use { it.force(true) } }
    }

    @Synchronized
    override fun remove() {
        Files.deleteIfExists(new)
        Files.deleteIfExists(file)
    }

    private companion object {
        /** None where permissions are not those of POSIX. */
        val ownerOnly = when {
            "posix" !in FileSystems.getDefault().supportedFileAttributeViews() -> emptyArray()
            else -> arrayOf(PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
        }
    }
}
