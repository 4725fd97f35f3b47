package dev.sessera.client

/** Nanoseconds since some fixed moment. */
internal fun monotonicNanos(): Long = System.nanoTime()
