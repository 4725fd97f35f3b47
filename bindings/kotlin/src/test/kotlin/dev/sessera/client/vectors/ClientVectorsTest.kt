package dev.sessera.client.vectors

import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The behaviour of the session client, which Swift's runs too: `tests/vectors/README.md` explains the files. */
class ClientVectorsTest {
    @TestFactory
    fun `every client vector is fulfilled`(): List<DynamicTest> = files().flatMap { (file, cases) ->
        cases.map { (name, case) -> DynamicTest.dynamicTest("$file: $name") { ClientVector(case).run() } }
    }

    @Test
    fun `client vectors cover every kind of event and effect`() {
        val cases = files().flatMap { it.second }.map { it.second }
        val events = cases.flatMap { it.getValue("events").jsonArray }
            .map { it.jsonObject.getValue("do").jsonPrimitive.content }
        assertEquals(
            setOf(
                "access_token", "replace", "sign_in", "sign_out", "authorize", "cancel", "restart", "sleep", "set_wall",
                "storage", "store", "keys",
            ),
            events.toSet(),
        )
        val members = cases.flatMap { it.getValue("effects").jsonArray }.flatMap { it.jsonObject.keys }.toSet()
        assertTrue(members.containsAll(setOf("sent", "call", "state", "stored", "is_stored")))
    }

    @Test
    fun `the runner refuses what it does not know`() {
        val good = """{"name":"x","events":[{"at":0,"do":"sign_out","call":"a"}],"effects":[{"at":0,"call":"a","done":true}]}"""
        fun run(text: String) = ClientVector(Json.parseToJsonElement(text).jsonObject).run()
        run(good)
        val changes = listOf(
            """"sign_out"""" to """"dance"""",
            """"call":"a"}],""" to """"call":"a","loud":true}],""",
            """"done":true""" to """"done":true,"loud":true""",
            """{"at":0,"call":"a","done":true}""" to """{"at":0,"dance":1}""",
            """"done":true}""" to """"done":true},{"at":0,"sent":"logout"}""",
            """"at":0,"call"""" to """"at":1,"call"""",
            """"name"""" to """"answers":[{"fails":true}],"name"""",
            """"name"""" to """"extra":1,"name"""",
        )
        for ((part, changed) in changes) {
            assertTrue(part in good, part)
            assertThrows(AssertionError::class.java, { run(good.replace(part, changed)) }, changed)
        }
    }

    /** The cases of each file; one with `each` is a case for each of its variants. */
    private fun files(): List<Pair<String, List<Pair<String, JsonObject>>>> {
        val folder = Path.of(System.getProperty("sessera.root"), "tests/vectors/client")
        return folder.listDirectoryEntries("*.json").sorted().map { path ->
            val file = Json.parseToJsonElement(path.readText()).jsonObject
            assertEquals(setOf("about", "cases"), file.keys, "$path")
            path.nameWithoutExtension to file.getValue("cases").jsonArray.flatMap { variants(it.jsonObject) }
        }
    }

    private fun variants(case: JsonObject): List<Pair<String, JsonObject>> {
        val name = case.getValue("name").jsonPrimitive.content
        val each = case["each"]?.jsonArray ?: return listOf(name to case)
        return each.map { variant ->
            val own = variant.jsonObject
            "$name: ${own.getValue("name").jsonPrimitive.content}" to JsonObject(case - "each" + own)
        }
    }
}
