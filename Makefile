# Everything one does with this project, from a fresh clone on. `make` alone lists it.

PHP_CONFIG ?= php-config
CARGO ?= cargo
CARGO_TARGET_DIR ?= target
DESTDIR ?=

library := $(CARGO_TARGET_DIR)/release/libmercure.so
php = $(shell $(PHP_CONFIG) --php-binary)
php_version = $(shell $(PHP_CONFIG) --version | cut -d. -f1,2)
extension_dir = $(shell $(PHP_CONFIG) --extension-dir)
run_tests = $(firstword $(wildcard $(extension_dir)/build/run-tests.php $(shell $(PHP_CONFIG) --prefix)/lib/php/build/run-tests.php))
php_fpm = $(firstword $(wildcard $(shell $(PHP_CONFIG) --prefix)/sbin/php-fpm$(php_version) $(shell $(PHP_CONFIG) --prefix)/sbin/php-fpm))

# Debian keeps a module's ini file in mods-available and links it into the SAPIs' folders; elsewhere it goes straight to the
# folder that PHP scans.
debian_ini_dir = /etc/php/$(php_version)/mods-available
ini_dir = $(if $(wildcard $(debian_ini_dir)),$(debian_ini_dir),$(shell $(php) --ini | sed -n 's/^Scan for additional .ini files in: *//p'))

# Stops with one line where a tool is missing, rather than with what fails for want of it.
need = @command -v $(1) >/dev/null || { echo "$@: $(1) is missing; run 'make deps' (as root), and see the README's prerequisites" >&2; exit 1; }

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deps build install uninstall demo demo-fpm test rust-test phpt phpunit e2e lint bench stubs clean

help: ## List the targets
	@echo "mercure: a Mercure hub inside PHP"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install what building, the demos and the tests need (Debian packages; as root)
	@scripts/install-deps.sh test

build: ## Build the extension: target/release/libmercure.so
	$(call need,$(CARGO))
	$(call need,$(PHP_CONFIG))
	$(CARGO) build --release

install: ## Build the extension, install it for the PHP of PHP_CONFIG, and enable it (as root)
	$(call need,$(PHP_CONFIG))
	@if command -v $(CARGO) >/dev/null; then $(CARGO) build --release; else test -f $(library) || { echo "install: there is no $(library), and no cargo to build it; run 'make build' first" >&2; exit 1; }; fi
	@test -n "$(ini_dir)" && test "$(ini_dir)" != "(none)" || { echo "$(php) scans no folder for ini files: add mercure.ini to its php.ini by hand" >&2; exit 1; }
	mkdir -p $(DESTDIR)$(extension_dir) $(DESTDIR)$(ini_dir)
	# By rename: a running hub has the old file mapped, and must not see it change.
	install -m 644 $(library) $(DESTDIR)$(extension_dir)/.mercure.so.new
	mv -f $(DESTDIR)$(extension_dir)/.mercure.so.new $(DESTDIR)$(extension_dir)/mercure.so
	@if test -e $(DESTDIR)$(ini_dir)/mercure.ini; then echo "kept $(DESTDIR)$(ini_dir)/mercure.ini"; else set -x; install -m 644 mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini; fi
	@if test -z "$(DESTDIR)" && test "$(ini_dir)" = "$(debian_ini_dir)"; then set -x; phpenmod -v $(php_version) mercure; fi
	@echo "Installed. Reload PHP to use it; 'php --ri mercure' shows it."

uninstall: ## Undo install; a changed mercure.ini is kept (as root)
	$(call need,$(PHP_CONFIG))
	@if test -z "$(DESTDIR)" && test "$(ini_dir)" = "$(debian_ini_dir)" && test -e $(ini_dir)/mercure.ini; then set -x; phpdismod -v $(php_version) mercure; fi
	rm -f $(DESTDIR)$(extension_dir)/mercure.so
	@if cmp -s mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini; then set -x; rm $(DESTDIR)$(ini_dir)/mercure.ini; \
	elif test -e $(DESTDIR)$(ini_dir)/mercure.ini; then set -x; mv $(DESTDIR)$(ini_dir)/mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini.kept; fi

demo: ## Run the chat under php -S, with the hub on a port of its own; Ctrl-C ends it
	@scripts/install-deps.sh demo
	@scripts/demo.sh

demo-fpm: ## Run the chat with php-fpm behind nginx, page and hub on one origin; Ctrl-C ends it
	@scripts/install-deps.sh demo
	@scripts/demo-fpm.sh

# Make reads a target's commands as a whole, and what they ask php-config must be asked after `deps`: hence the calls.
test: deps ## Install what is missing, then run every test
	@$(MAKE) --no-print-directory rust-test
	@$(MAKE) --no-print-directory phpt
	@$(MAKE) --no-print-directory phpunit
	@$(MAKE) --no-print-directory e2e
	@echo "test: all passed"

rust-test: ## Test the hub in Rust; needs no PHP
	$(call need,$(CARGO))
	$(CARGO) test --no-default-features

phpt: build ## Test the extension from PHP
	@test -n "$(run_tests)" || { echo "phpt: PHP's run-tests.php is missing; run 'make deps' (as root)" >&2; exit 1; }
	MERCURE_EXTENSION=$(abspath $(library)) MERCURE_PHP_FPM=$(php_fpm) TEST_PHP_EXECUTABLE=$(php) NO_INTERACTION=1 REPORT_EXIT_STATUS=1 \
		$(php) -n $(run_tests) -q --show-diff -n -d extension=$(abspath $(library)) tests/ext

phpunit: build ## Test the PHP library with Debian's PHPUnit and symfony/mercure
	$(call need,phpunit)
	MERCURE_EXTENSION=$(abspath $(library)) $(php) -d extension=$(abspath $(library)) $(shell command -v phpunit) -c tests/php/phpunit.xml

# Debian's own Python, which has the packages of `make deps`; another one may come first in PATH.
PYTHON ?= /usr/bin/python3

e2e: build ## Test the processes under php-fpm, and the chat in a browser
	$(call need,$(PYTHON))
	MERCURE_SO=$(abspath $(library)) $(PYTHON) -m pytest -p no:cacheprovider -q tests/e2e

php_sources = $(shell git ls-files '*.php' '*.inc')
python_sources = $(shell git ls-files '*.py')
shell_sources = $(shell git ls-files '*.sh' .ci)

lint: ## Check format and style: rustfmt, clippy with and without PHP, and the syntax of everything else
	$(call need,$(CARGO))
	$(call need,$(PHP_CONFIG))
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets --no-default-features -- -D warnings
	$(CARGO) clippy --quiet --release -- -D warnings
	@for file in $(php_sources); do $(php) -n -l $$file >/dev/null || exit 1; done
	@$(PYTHON) -c 'import sys; [compile(open(name).read(), name, "exec") for name in sys.argv[1:]]' $(python_sources)
	@for file in $(shell_sources); do bash -n $$file || exit 1; done
	@echo "lint: nothing to complain about"

bench: build ## Measure the hub beside the least that could do its work; five minutes (docs/performance.md)
	$(CARGO) bench --no-default-features --bench hub

stubs: build ## Renew stubs/mercure.stub.php from the extension
	$(php) -n -d extension=$(abspath $(library)) stubs/generate.php > stubs/mercure.stub.php.new
	mv stubs/mercure.stub.php.new stubs/mercure.stub.php

clean: ## Remove what was built, and what the tests left behind
	$(CARGO) clean
	git clean -qfdX tests
