# SPDX-License-Identifier: Apache-2.0
# The front door. Meson builds; this file only knows the words that people type.

.PHONY: build run test check bench soak lint fuzz docs install deb clean

build: build/build.ninja
	@[ -x build/src/cmd/tidings ] || echo "Building; this takes about a minute."
	@ninja -C build --quiet

build/build.ninja:
	@tools/install-packages build
	@meson setup build --buildtype=release >/dev/null

# From nothing to a desk with sample data at http://127.0.0.1:8080.
run: build
	@tools/run-sample

# Everything, on SQLite and PostgreSQL, with real peers, and under the sanitizers.
test:
	@tools/install-packages build test
	@tools/run-tests all

# Quick: unit tests and SQLite.
check:
	@tools/install-packages build
	@tools/run-tests quick

bench: build
	@tools/install-packages bench
	@tools/bench

# An hour of load and faults, and then whether the books agree; SECONDS=600 make soak for ten minutes.
soak: build
	@tools/install-packages build test
	@tools/soak

lint:
	@tools/install-packages build lint
	@tools/lint

fuzz:
	@tools/install-packages build lint
	@tools/fuzz

# The manual as HTML pages, in build-docs/.
docs:
	@tools/install-packages docs
	@tools/make-manual

# Into /usr/local, or below the folder DESTDIR for whoever makes a package of it.
install: build
	@DESTDIR="$(DESTDIR)" meson install -C build --no-rebuild

# The Debian package, into build-deb/.
deb:
	@tools/install-packages build package
	@tools/make-deb

clean:
	rm -rf build build-*
