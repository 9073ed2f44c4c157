# SPDX-License-Identifier: GPL-2.0
# Doors only. `make` builds the tool, and the module for the running kernel if
# its headers are there; `make help` names the rest.

BUILD   := $(CURDIR)/build
RELEASE := $(shell uname -r)
KDIR    ?= /lib/modules/$(RELEASE)/build
KERNELS  = $(shell selftests/fetch-kernel --list)
Q       := $(if $(V),,@)

# Where things are installed
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR  ?= $(PREFIX)/share/man/man8
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
DKMSDIR := /usr/src/brkwatch-$(VERSION)
MODULE  := /lib/modules/$(RELEASE)/extra/brkwatch.ko

.PHONY: all tools test-tools module module-here demo check check-debug test fuzz vmtest matrix bench bench-small style docs install \
	install-tool install-dkms uninstall uninstall-dkms packages check-packages clean help
.DELETE_ON_ERROR:

all: tools module-here

tools:
	$(Q)$(MAKE) --no-print-directory -C tools BUILD=$(BUILD) SANITIZE=$(SANITIZE)

# What the kselftests run in the guest: the tool, and programs with known heaps.
test-tools: tools
	$(Q)$(MAKE) --no-print-directory -s -C tools BUILD=$(BUILD) heaptests

# Without headers there is no module, which is no error: the tool is of use
# alone, and `make module K=6.12` builds for a kernel of the list.
module-here:
	$(Q)if [ -d $(KDIR) ]; then \
		selftests/build-module $(KDIR) $(BUILD)/$(RELEASE); \
	else \
		echo "no module: no headers for $(RELEASE); on Debian: apt-get install linux-headers-$(RELEASE)"; \
	fi

module:
	$(Q)selftests/build-module $(if $(K),$(K),$(KDIR) $(BUILD)/$(RELEASE))

demo:
	$(Q)selftests/demo $(K)

check:
	$(Q)selftests/check

check-debug:
	$(Q)selftests/check-debug $(K)

# SANITIZE=1 builds and tests with ASan and UBSan, in a folder beside.
test: tools
	$(Q)$(MAKE) --no-print-directory -C tools BUILD=$(BUILD) SANITIZE=$(SANITIZE) test

# SECONDS for each fuzzer
fuzz:
	$(Q)tools/fuzz/run $(or $(SECONDS),20) $(BUILD)

vmtest:
	$(Q)selftests/vmtest $(or $(K),$(error which kernel? one of selftests/kernels: make vmtest K=6.1))

matrix:
	$(Q)selftests/matrix $(K)

bench:
	$(Q)selftests/bench $(or $(K),$(KERNELS))

bench-small:
	$(Q)selftests/bench-small-kernel

style:
	$(Q)selftests/style

docs:
	$(Q)$(MAKE) --no-print-directory -C tools BUILD=$(BUILD) man

# DESTDIR= is honoured by all that follow; what DKMS and the kernel look for has
# places of its own, whatever PREFIX is.
install: all install-tool
	if [ -f $(BUILD)/$(RELEASE)/brkwatch.ko ]; then \
		install -D -m 0644 $(BUILD)/$(RELEASE)/brkwatch.ko $(DESTDIR)$(MODULE); \
		$(if $(DESTDIR),,depmod $(RELEASE);) \
	fi

install-tool: tools docs
	install -D -m 0755 $(BUILD)/brkwatch $(DESTDIR)$(SBINDIR)/brkwatch
	install -D -m 0644 -t $(DESTDIR)$(MANDIR) $(BUILD)/*.8
	install -D -m 0644 tools/completion/brkwatch.bash $(DESTDIR)$(BASHDIR)/brkwatch
	install -D -m 0644 tools/completion/_brkwatch $(DESTDIR)$(ZSHDIR)/_brkwatch

install-dkms:
	install -D -m 0644 -t $(DESTDIR)$(DKMSDIR) dkms.conf Kbuild
	install -D -m 0644 -t $(DESTDIR)$(DKMSDIR)/module module/*.[ch]
	install -D -m 0644 -t $(DESTDIR)$(DKMSDIR)/uapi/linux uapi/linux/*.h

# Not what was installed for other kernels.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/brkwatch
	rm -f $(DESTDIR)$(MANDIR)/brkwatch.8 $(DESTDIR)$(MANDIR)/brkwatch-*.8
	rm -f $(DESTDIR)$(BASHDIR)/brkwatch $(DESTDIR)$(ZSHDIR)/_brkwatch
	if [ -f $(DESTDIR)$(MODULE) ]; then \
		rm -f $(DESTDIR)$(MODULE); \
		$(if $(DESTDIR),,depmod $(RELEASE);) \
	fi

# DKMS comes first: dkms remove brkwatch/$(VERSION) --all
uninstall-dkms:
	rm -rf $(DESTDIR)$(DKMSDIR)

packages:
	$(Q)selftests/packages

check-packages:
	$(Q)selftests/check-packages

clean:
	rm -rf $(BUILD)

help:
	@echo 'make                the tool, and the module for the running kernel'
	@echo 'make demo           a stock kernel in a VM watches a real program (K=6.1)'
	@echo 'make check          everything: builds, linters, tests, VMs'
	@echo 'make check-debug    all tests, for long, on kernels that hunt for bugs'
	@echo 'make test           the tests of the tool: no root, no VM (SANITIZE=1: with ASan, UBSan)'
	@echo 'make fuzz           the parsers of the tool, 20 s each (SECONDS=60)'
	@echo 'make module K=6.12  the module for a kernel of selftests/kernels'
	@echo 'make vmtest K=6.12  the selftests in that kernel'
	@echo 'make matrix         the selftests in every kernel of the list, as one table (K=sid for one)'
	@echo 'make bench          what watching costs, beside the peers (K=6.12 for one kernel)'
	@echo 'make bench-small    a small kernel, built for it, watches in 32 MiB'
	@echo 'make style          checkpatch, sparse, shellcheck, cppcheck, clang-tidy, the rule of arrows'
	@echo 'make docs           the man pages'
	@echo 'make install        tool, man pages, completion, module (DESTDIR= PREFIX=/usr/local)'
	@echo 'make install-tool   the same without the module'
	@echo 'make install-dkms   the sources of the module, for dkms install brkwatch/$(VERSION)'
	@echo 'make uninstall      takes it all away again (the sources: make uninstall-dkms)'
	@echo 'make packages       Debian packages, in build/packages'
	@echo 'make check-packages the packages in a fresh Debian and in a VM'
	@echo 'make clean          remove build/'
