# `make` shows what there is.
.PHONY: help demo test docs bench fuzz model vectors clean

help:
	@echo "make demo     the demonstration shop on http://127.0.0.1:8000 (PORT=…, WORKERS=…)"
	@echo "make test     every check and test; STEPS='rust pytest' for some of them"
	@echo "make docs     the documentation, in target/docs/index.html"
	@echo "make bench    Sessera against its peers"
	@echo "make fuzz     every fuzz target for a while (SECONDS_EACH=60)"
	@echo "make model    the model of the protocol over Redis, at length"
	@echo "make vectors  write tests/vectors anew"
	@echo "make clean    remove what was built"

demo:
	@exec scripts/demo.sh

test:
	@python3 scripts/test.py $(STEPS)

docs:
	@python3 scripts/test.py wheel docs && echo "target/docs/index.html"

bench:
	cargo run --release -p sessera-bench

fuzz:
	@scripts/fuzz.sh

model:
	cargo test -p sessera-redis --test model -- --include-ignored --nocapture

vectors:
	cargo run --quiet -p sessera-vectors --bin regenerate

clean:
	cargo clean
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache
