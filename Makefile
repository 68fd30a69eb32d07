# The extension: build it, install it, test it with PHP.

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

.PHONY: build install uninstall phpt stubs

build: ## Build the extension
	$(CARGO) build --release

install: ## Build and install the extension for the PHP of PHP_CONFIG, and enable it
	@if command -v $(CARGO) >/dev/null; then $(CARGO) build --release; else test -f $(library) || { echo "run 'make' first" >&2; exit 1; }; fi
	@test -n "$(ini_dir)" && test "$(ini_dir)" != "(none)" || { echo "$(php) scans no folder for ini files: add mercure.ini to its php.ini by hand" >&2; exit 1; }
	mkdir -p $(DESTDIR)$(extension_dir) $(DESTDIR)$(ini_dir)
	# By rename: a running hub has the old file mapped, and must not see it change.
	install -m 644 $(library) $(DESTDIR)$(extension_dir)/.mercure.so.new
	mv -f $(DESTDIR)$(extension_dir)/.mercure.so.new $(DESTDIR)$(extension_dir)/mercure.so
	@if test -e $(DESTDIR)$(ini_dir)/mercure.ini; then echo "kept $(DESTDIR)$(ini_dir)/mercure.ini"; else set -x; install -m 644 mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini; fi
	@if test -z "$(DESTDIR)" && test "$(ini_dir)" = "$(debian_ini_dir)"; then set -x; phpenmod -v $(php_version) mercure; fi
	@echo "Installed. Reload PHP to use it; 'php --ri mercure' shows it."

uninstall: ## Undo install; a changed mercure.ini is kept
	@if test -z "$(DESTDIR)" && test "$(ini_dir)" = "$(debian_ini_dir)" && test -e $(ini_dir)/mercure.ini; then set -x; phpdismod -v $(php_version) mercure; fi
	rm -f $(DESTDIR)$(extension_dir)/mercure.so
	@if cmp -s mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini; then set -x; rm $(DESTDIR)$(ini_dir)/mercure.ini; \
	elif test -e $(DESTDIR)$(ini_dir)/mercure.ini; then set -x; mv $(DESTDIR)$(ini_dir)/mercure.ini $(DESTDIR)$(ini_dir)/mercure.ini.kept; fi

phpt: build ## Test the extension from PHP
	MERCURE_EXTENSION=$(abspath $(library)) MERCURE_PHP_FPM=$(php_fpm) TEST_PHP_EXECUTABLE=$(php) NO_INTERACTION=1 REPORT_EXIT_STATUS=1 \
		$(php) -n $(run_tests) -q --show-diff -n -d extension=$(abspath $(library)) tests/ext

stubs: build ## Renew stubs/mercure.stub.php from the extension
	$(php) -n -d extension=$(abspath $(library)) stubs/generate.php > stubs/mercure.stub.php.new
	mv stubs/mercure.stub.php.new stubs/mercure.stub.php
