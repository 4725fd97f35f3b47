// Not run by this repository's tests: see README.md.
plugins {
    id("com.android.library") version "8.13.0"
    kotlin("android") version "2.4.10"
    kotlin("plugin.serialization") version "2.4.10"
}

android {
    namespace = "dev.sessera.android"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
        ndk { abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64") }
    }
    splits {
        abi {
            isEnable = true
            reset()
            include("arm64-v8a", "armeabi-v7a", "x86_64")
            isUniversalApk = true
        }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets["main"].kotlin.srcDirs(
        "src/main/kotlin",
        "../src/main/kotlin",
        "../../../target/bindings/kotlin/sources",
    )
    sourceSets["main"].jniLibs.srcDir("../../../target/android/jniLibs")
}

// Android has no java.net.http, and a clock of its own that goes on while the device sleeps.
tasks.withType<org.jetbrains.kotlin.gradle.tasks.KotlinCompile>().configureEach {
    exclude("**/client/JdkTransport.kt", "**/client/JdkRequests.kt", "**/client/JdkTime.kt")
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    api("org.jetbrains.kotlinx:kotlinx-serialization-json:1.12.0")
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    implementation("com.squareup.okhttp3:okhttp:5.5.1")
}
