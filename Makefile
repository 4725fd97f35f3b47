# `make` shows what there is.
.PHONY: help demo test docs bench bench-python bench-kotlin bench-swift wheels freethreaded fuzz model soak fleet vectors clean

help:
	@echo "make demo          the demonstration shop on http://127.0.0.1:8000 (PORT=…, WORKERS=…)"
	@echo "make test          every check and test; STEPS='rust pytest' for some of them"
	@echo "make docs          the documentation, in target/docs/index.html"
	@echo "make bench         Sessera against its peers"
	@echo "make bench-python  the same from Python, beside PyJWT and its like, and in Flask beside its peers"
	@echo "make bench-swift   what a call from Swift adds to a verify"
	@echo "make bench-kotlin  a verify from Kotlin, beside nimbus-jose-jwt and java-jwt"
	@echo "make fuzz          every fuzz target for a while (SECONDS_EACH=60)"
	@echo "make fleet         six processes on a Redis that is killed, partitioned and flushed (JSON=1)"
	@echo "make soak          the failure tests that take long"
	@echo "make model         the model of the protocol over Redis, at length"
	@echo "make vectors       write tests/vectors anew"
	@echo "make wheels        the Python package for those who install it, into dist"
	@echo "make freethreaded  builds CPython without a GIL, and runs the package's tests there"
	@echo "make clean         remove what was built"

demo:
	@exec scripts/demo.sh

test:
	@python3 scripts/test.py $(STEPS)

docs:
	@python3 scripts/test.py wheel docs && echo "target/docs/index.html"

bench:
	cargo run --release -p sessera-bench

bench-python:
	@scripts/venv.sh
	@scripts/venv.sh -r benches/python/requirements.txt
	@scripts/wheel.sh
	@.venv/bin/python -W ignore benches/python/bench.py
	@.venv/bin/python -W ignore benches/python/flask_wsgi.py

bench-swift:
	@scripts/swift-bench.sh

wheels:
	@scripts/wheels.sh

freethreaded:
	@scripts/freethreaded.sh

fuzz:
	@scripts/fuzz.sh

fleet:
	@cargo run --quiet -p sessera-fleet -- $(if $(JSON),--json)

soak:
	cargo test -p sessera-redis --test failures outage -- --ignored --nocapture

model:
	cargo test -p sessera-redis --test model -- --include-ignored --nocapture

vectors:
	cargo run --quiet -p sessera-vectors --bin regenerate

bench-kotlin:
	scripts/bindings.sh
	cd bindings/kotlin && mvn --quiet --batch-mode test -Dtest=VerifyBench

clean:
	cargo clean
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache
