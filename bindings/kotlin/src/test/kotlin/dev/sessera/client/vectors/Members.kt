package dev.sessera.client.vectors

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** A vector that does not follow the format, or that a client does not fulfil. */
class BadVector(message: String) : AssertionError(message)

/** An object of a vector. A member that the runner does not know is an error: [end] finds it. */
class Members(private val all: JsonObject) {
    private val left = all.keys.toMutableSet()

    operator fun contains(name: String): Boolean = name in all

    fun element(name: String): JsonElement? = all[name].also { left -= name }

    private fun given(name: String): JsonElement? = element(name).takeIf { it !is JsonNull }

    fun text(name: String): String? = given(name)?.jsonPrimitive?.also { check(it.isString) }?.content

    fun int(name: String): Int? = given(name)?.jsonPrimitive?.int

    fun long(name: String): Long? = given(name)?.jsonPrimitive?.long

    fun double(name: String): Double? = given(name)?.jsonPrimitive?.double

    fun flag(name: String): Boolean? = given(name)?.jsonPrimitive?.boolean

    fun span(name: String): Duration? = long(name)?.milliseconds

    fun members(name: String): Members? = given(name)?.jsonObject?.let(::Members)

    fun raw(name: String): JsonObject? = given(name)?.jsonObject

    fun list(name: String): List<JsonElement> = given(name)?.jsonArray.orEmpty()

    fun required(name: String): String = text(name) ?: throw BadVector("a member is missing: $name in $all")

    fun end() {
        if (left.isNotEmpty()) throw BadVector("unknown members: $left in $all")
    }
}
