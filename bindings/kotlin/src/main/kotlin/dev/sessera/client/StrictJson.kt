package dev.sessera.client

import kotlin.time.Instant

/** The value of a member of a JSON object, as far as the session client needs it. */
internal sealed interface JsonValue {
    class Text(val value: String) : JsonValue

    /** An integer from 0 to 2^53 - 1, written without a fraction or an exponent. */
    class Whole(val value: Long) : JsonValue

    /** Any other value. Its syntax was checked, its content is not kept. */
    data object Other : JsonValue
}

/**
 * Reads one JSON object by RFC 8259, and nothing more lenient: JSON libraries differ in quoted numbers, duplicate members
 * and lone surrogates. The Swift client has the same reader, and `tests/vectors/client` compares the two.
 */
internal class StrictJson private constructor(private val text: String) {
    private var at = 0

    private fun document(): Map<String, JsonValue> {
        space()
        return members(1).also {
            space()
            require(at == text.length)
        }
    }

    private fun members(depth: Int): Map<String, JsonValue> {
        require(depth <= MAX_DEPTH)
        expect('{')
        val found = mutableMapOf<String, JsonValue>()
        space()
        if (skips('}')) return found
        do {
            space()
            val name = string()
            space()
            expect(':')
            require(found.put(name, value(depth)) == null)
            space()
        } while (skips(','))
        expect('}')
        return found
    }

    private fun elements(depth: Int) {
        require(depth <= MAX_DEPTH)
        expect('[')
        space()
        if (skips(']')) return
        do {
            value(depth)
            space()
        } while (skips(','))
        expect(']')
    }

    private fun value(depth: Int): JsonValue {
        space()
        when (peek()) {
            '"' -> return JsonValue.Text(string())
            '{' -> members(depth + 1)
            '[' -> elements(depth + 1)
            't' -> word("true")
            'f' -> word("false")
            'n' -> word("null")
            else -> return number()
        }
        return JsonValue.Other
    }

    private fun number(): JsonValue {
        val start = at
        skips('-')
        if (!skips('0')) digits()
        val isWhole = peek() != '.' && peek() != 'e' && peek() != 'E'
        if (skips('.')) digits()
        if (skips('e') || skips('E')) {
            if (!skips('+')) skips('-')
            digits()
        }
        val written = text.substring(start, at)
        val whole = if (isWhole && written[0] != '-') written.toLongOrNull() else null
        return if (whole != null && whole <= MAX_WHOLE) JsonValue.Whole(whole) else JsonValue.Other
    }

    private fun digits() {
        require(peek() in '0'..'9')
        while (peek() in '0'..'9') at += 1
    }

    private fun string(): String {
        expect('"')
        val read = StringBuilder()
        while (true) {
            val next = next()
            when {
                next == '"' -> break
                next == '\\' -> read.append(escaped())
                else -> read.append(next.also { require(it >= ' ') })
            }
        }
        return read.toString().also { require(it.hasWholeSurrogates()) }
    }

    private fun escaped(): Char = when (val next = next()) {
        '"', '\\', '/' -> next
        'b' -> '\b'
        'f' -> '\u000c'
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'u' -> (1..4).fold(0) { read, _ -> read * 16 + hex(next()) }.toChar()
        else -> throw IllegalArgumentException()
    }

    private fun hex(digit: Char): Int = when (digit) {
        in '0'..'9' -> digit - '0'
        in 'a'..'f' -> digit - 'a' + 10
        in 'A'..'F' -> digit - 'A' + 10
        else -> throw IllegalArgumentException()
    }

    private fun word(word: String) {
        require(text.startsWith(word, at))
        at += word.length
    }

    private fun space() {
        while (peek().let { it == ' ' || it == '\n' || it == '\r' || it == '\t' }) at += 1
    }

    /** The next character; NUL, which JSON allows nowhere, at the end. */
    private fun peek(): Char = if (at < text.length) text[at] else '\u0000'

    private fun next(): Char {
        require(at < text.length)
        return text[at++]
    }

    private fun skips(expected: Char): Boolean = (peek() == expected).also { if (it) at += 1 }

    private fun expect(expected: Char) = require(skips(expected))

    companion object {
        private const val MAX_DEPTH = 32
        private const val MAX_WHOLE = (1L shl 53) - 1

        /** The members of the object; null for any other text. */
        fun readObject(text: String): Map<String, JsonValue>? = try {
            StrictJson(text).document()
        } catch (_: IllegalArgumentException) {
            null
        }
    }
}

internal fun Map<String, JsonValue>.text(name: String): String? = (this[name] as? JsonValue.Text)?.value

internal fun Map<String, JsonValue>.whole(name: String): Long? = (this[name] as? JsonValue.Whole)?.value

/** Unix milliseconds. */
internal fun Map<String, JsonValue>.instant(name: String): Instant? = whole(name)?.let(Instant::fromEpochMilliseconds)

private fun String.hasWholeSurrogates(): Boolean {
    var at = 0
    while (at < length) {
        val isPair = this[at].isHighSurrogate() && at + 1 < length && this[at + 1].isLowSurrogate()
        if (this[at].isSurrogate() && !isPair) return false
        at += if (isPair) 2 else 1
    }
    return true
}
