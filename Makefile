# SPDX-License-Identifier: MIT
# mini-ioemu: one non-recursive make file. `make help` lists the targets.

VERSION	:= 0.1.0
PREFIX	?= /usr
DIST	:= mini-ioemu-$(VERSION)
B	?= build
ifeq ($(origin CC),default)
CC	:= gcc
endif
V	?=
Q	:= $(if $(V),,@)

PKGS_CORE  := libuv jansson xencall xendevicemodel xenevtchn xenforeignmemory xenstore \
	      xentoolcore
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS_CORE) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS_CORE) 2>/dev/null)
WARN	:= -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wvla -Werror
OPT	?= -O2 -g
SAN	?=
CFLAGS_ALL = -std=gnu11 -D_GNU_SOURCE $(OPT) $(WARN) $(SAN) -fPIC \
	     -fvisibility=hidden -ffunction-sections -fdata-sections \
	     -Iplugins-sdk/include -Iplugins-sdk -MMD -MP $(CFLAGS)
LDFLAGS_ALL = $(SAN) -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

# ---- what there is to build -------------------------------------------------

src = $(sort $(wildcard $(1)))
obj = $(patsubst %.c,$(B)/%.o,$(1))

HOST_OBJ  := $(call obj,$(call src,plugins-sdk/host/*.c))
LINK_OBJ  := $(call obj,$(call src,plugins-sdk/link/*.c))
LOOP_OBJ  := $(call obj,$(call src,plugins-sdk/loop/*.c plugins-sdk/jail/*.c))
PEER_OBJ  := $(call obj,$(call src,plugins-sdk/peer/*.c))
BENCH_OBJ := $(call obj,$(call src,plugins-sdk/bench/*.c))
SSDT_OBJ  := $(call obj,$(call src,plugins-sdk/ssdt/*.c))
CORE_OBJ  := $(call obj,$(call src,mini-ioemu/*.c mini-ioemu/*/*.c))
# The core less its two ends, for tests with a scripted Xen.
CORE_LIB_OBJ := $(filter-out $(addprefix $(B)/mini-ioemu/,main.o $(addprefix xen/,xen.o open.o store.o)),$(CORE_OBJ))

DEVICES	  := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard devices/*/*.c)))))
PLUGINS	  := $(DEVICES:%=$(B)/devices/%.so)
DEV_TESTS := $(sort $(foreach d,$(DEVICES),$(patsubst devices/%.c,$(B)/tests/devices/%,$(wildcard devices/$(d)/test_*.c devices/$(d)/tests/test_*.c))))
C_TESTS	  := $(patsubst tests/%.c,$(B)/tests/%,$(call src,tests/*/test_*.c))
NET_TESTS := $(filter $(B)/tests/nets/%,$(C_TESTS))
BENCHES	  := $(patsubst tests/%.c,$(B)/tests/%,$(call src,tests/bench/bench_*.c))
# What several tests share; each takes what it names.
SUPPORT_OBJ := $(call obj,$(call src,tests/support/*.c tests/qmp/qmp_*.c) \
	       tests/fuzz/common.c tests/fuzz/ide_guest.c)
FUZZERS	  := $(patsubst tests/fuzz/fuzz_%.c,%,$(call src,tests/fuzz/fuzz_*.c))

PROGRAMS  := $(B)/mini-ioemu/mini-ioemu $(B)/ioemu-peer $(B)/ioemu-ssdt

all: $(PROGRAMS) $(PLUGINS) ## [build] build the device model and every plugin

# ---- rules ------------------------------------------------------------------

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $@"
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS_$(firstword $(subst /, ,$*))) -c -o $@ $<

CFLAGS_mini-ioemu = -iquote mini-ioemu $(PKG_CFLAGS) \
	-DIOEMU_VERSION='"$(VERSION)"' -DIOEMU_PLUGIN_DIR='"$(PREFIX)/lib/mini-ioemu/devices"' \
	-DIOEMU_MACHINE_FILE='"$(PREFIX)/share/mini-ioemu/machine.conf"'
# Where a device has many tests they have a folder of their own.
CFLAGS_devices = $(if $(filter %/tests,$(<D)),-iquote $(<D)/..)
CFLAGS_plugins-sdk = $(PKG_CFLAGS) -DIOEMU_VERSION='"$(VERSION)"'
# Xen's style, as the firmware has it; the firmware itself is built by hvmloader/build.
CFLAGS_hvmloader = -Itests/unit/hvmloader -Wno-conversion
CFLAGS_tests = $(CFLAGS_mini-ioemu) -Itests

$(B)/libioemu-host.a: $(HOST_OBJ)
$(B)/libioemu-link.a: $(LINK_OBJ)
$(B)/libioemu-loop.a: $(LOOP_OBJ)
$(B)/libioemu-bench.a: $(BENCH_OBJ)
%.a:
	@rm -f $@; echo "  AR   $@"
	$(Q)$(AR) qcsD $@ $^

$(B)/mini-ioemu/mini-ioemu: $(CORE_OBJ) $(B)/libioemu-loop.a $(B)/libioemu-link.a $(B)/libioemu-host.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -Wl,--gc-sections -o $@ $^ $(PKG_LIBS) -lseccomp -ldl

$(B)/ioemu-peer: $(PEER_OBJ) $(B)/libioemu-loop.a $(B)/libioemu-link.a $(B)/libioemu-host.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -Wl,--gc-sections -o $@ $^ -luv -lseccomp -ldl

$(B)/ioemu-ssdt: $(SSDT_OBJ) $(B)/libioemu-host.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -Wl,--gc-sections -o $@ $^

# A plugin needs nothing of ours at run time and shows one symbol.
define plugin
$(B)/devices/$(1).so: $(call obj,$(filter-out $(wildcard devices/$(1)/test_*.c),$(wildcard devices/$(1)/*.c)))
	@echo "  LD   $$@"
	$(Q)$$(CC) $$(LDFLAGS_ALL) -shared -Wl,-z,defs,--gc-sections -o $$@ $$(filter %.o,$$^)
endef
$(foreach d,$(DEVICES),$(eval $(call plugin,$(d))))
-include $(wildcard devices/*/rules.mk)

# Devices for tests, in no folder that is searched.
TEST_PLUGINS := $(patsubst tests/plugins/%.c,$(B)/tests/%.so,$(call src,tests/plugins/*.c)) \
		$(B)/tests/escape/escape.so
$(B)/tests/%.so: $(B)/tests/plugins/%.o
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-z,defs,--gc-sections -o $@ $<

$(B)/tests/escape/escape.so: $(B)/tests/lab/plugin/escape.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-z,defs,--gc-sections -o $@ $<

$(B)/libsupport.a: $(SUPPORT_OBJ)
# An archive may need one before it.
LINK_TEST = $(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) \
	    -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lcmocka -ldl
BENCH_LIBS := $(B)/libioemu-bench.a $(B)/libsupport.a $(B)/libioemu-link.a $(B)/libioemu-host.a

$(B)/tests/devices/%: $(B)/devices/%.o $(BENCH_LIBS)
	@mkdir -p $(@D)
	$(Q)$(LINK_TEST)

$(NET_TESTS): %: %.o $(addprefix $(B)/tests/nets/,groups.o guest.o steps.o phrases.o) $(BENCH_LIBS)
	$(Q)$(LINK_TEST)

# The plugin of each release: as it was built then, or by the header of then.
RELEASES := $(patsubst tests/abi/ioemu-%/chip.c,%,$(call src,tests/abi/ioemu-*/chip.c))
RELEASE_PLUGINS := $(RELEASES:%=$(B)/tests/abi/%.so)
$(RELEASE_PLUGINS): $(B)/tests/abi/%.so: tests/abi/ioemu-%/chip.c \
  $(wildcard tests/abi/ioemu-*/chip.so tests/abi/ioemu-*/ioemu/device.h)
	@mkdir -p $(@D)
	$(Q)if [ -e $(<:.c=.so) ]; then cp $(<:.c=.so) $@; else \
	  $(CC) -std=gnu11 $(OPT) $(SAN) -fPIC -fvisibility=hidden -shared \
	  -Wl,-z,defs -I$(<D) -o $@ $<; fi
$(B)/tests/abi/test_releases: %: %.o $(BENCH_LIBS)
	$(Q)$(LINK_TEST)

$(B)/libcore.a: $(CORE_LIB_OBJ)
$(B)/libssdt.a: $(filter-out %/main.o,$(SSDT_OBJ))
# The core asks a scripted Xen, which asks the core for its types of access.
TEST_LIBS := $(B)/libsupport.a $(B)/libcore.a $(B)/libssdt.a $(B)/libioemu-loop.a \
	     $(B)/libioemu-link.a $(B)/libioemu-host.a
$(B)/tests/%: $(B)/tests/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(Q)$(LINK_TEST) -luv -ljansson -lseccomp
$(B)/tests/soak/soak: $(addprefix $(B)/tests/soak/soak_,unit.o guest.o dma.o)
$(B)/tests/unit/test_pci_tree: $(B)/hvmloader/pci_tree.o
$(B)/tests/wire/wire_root: LDFLAGS += -Wl,--wrap=xen_msi
$(B)/tests/core/test_memory: LDFLAGS += $(foreach f,malloc calloc realloc strdup,-Wl,--wrap=$(f))
$(B)/tests/unit/test_log $(B)/tests/core/test_save: LDFLAGS += -Wl,--wrap=clock_gettime

# ---- tests without Xen ------------------------------------------------------

# What hangs ends; nothing else does.
TIMEOUT := timeout -k 5 1200

# One result file a test: `make -j` runs them side by side.
$(B)/check/devices/%.ok: $(B)/tests/devices/% $(PLUGINS)
	@mkdir -p $(@D)
	@$(TIMEOUT) $< $(B)/devices/$(firstword $(subst /, ,$*)).so >$(@:.ok=.log) 2>&1 && touch $@ || \
	  { tail -n 40 $(@:.ok=.log); echo "FAILED $< (all of it: $(@:.ok=.log))"; exit 1; }
$(B)/check/%.ok: $(B)/tests/% $(PROGRAMS) $(PLUGINS) $(TEST_PLUGINS) $(RELEASE_PLUGINS) \
  plugins-sdk/doc/wire.json
	@mkdir -p $(@D)
	@$(TIMEOUT) $< $(B)/devices >$(@:.ok=.log) 2>&1 && touch $@ || \
	  { tail -n 40 $(@:.ok=.log); echo "FAILED $< (all of it: $(@:.ok=.log))"; exit 1; }

# The longest first, beside which the others run.
CHECKS := $(B)/check/wire.ok \
	  $(patsubst $(B)/tests/%,$(B)/check/%.ok,$(DEV_TESTS) $(C_TESTS) $(B)/tests/soak/soak) \
	  $(B)/check/manual.ok

# Both ends of the wire against what its document alone says.
$(B)/check/wire.ok: $(B)/ioemu-peer $(B)/tests/wire/wire_root $(PLUGINS) \
  $(wildcard tests/wire/*.py tests/wire/checks/*.py) plugins-sdk/doc/wire.md plugins-sdk/doc/wire.json
	@mkdir -p $(@D)
	@timeout -k 5 3000 tests/wire/conform.py $(B) >$(@:.ok=.log) 2>&1 && touch $@ || \
	  { grep -v '^ok' $(@:.ok=.log); \
	    echo "FAILED tests/wire/conform.py (all of it: $(@:.ok=.log))"; exit 1; }

# Each piece of C in the manual is compiled, or stands in a file that is.
$(B)/check/manual.ok: tests/snippets plugins-sdk/doc/manual.md \
  $(wildcard plugins-sdk/include/ioemu/*.h) $(PLUGINS)
	@mkdir -p $(@D)
	@tests/snippets plugins-sdk/doc/manual.md $(@:.ok=) $(CC) $(FLAGS_LANG) $(WARN) \
	  -Wno-unused-function >$(@:.ok=.log) 2>&1 && touch $@ || \
	  { grep -v '^ok' $(@:.ok=.log); exit 1; }

check-one: all $(CHECKS)
	@echo "$(words $(CHECKS)) passed, 0 failed: test programs, $(CC) $(SAN)"

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

check: ## [test] every test without Xen: gcc with sanitizers, then clang
	@$(MAKE) --no-print-directory check-one B=build/asan CC=gcc \
	  SAN="$(SANITIZE)" OPT="-O1 -g"
	@$(MAKE) --no-print-directory check-one B=build/clang CC=clang

bench: all $(BENCHES) ## [measure] native: nanoseconds an access takes in the core
	@grep -m1 'model name' /proc/cpuinfo; uname -sr
	@for b in $(BENCHES); do $$b $(B)/devices || exit 1; done

M ?= 30
soak: all $(B)/tests/soak/soak ## [test] native: everything at once, with losses, for M=30 minutes
	@$(B)/tests/soak/soak $(B)/devices $(M) $(SEED) 2>$(B)/soak.log

coverage: ## [test] lines that `make check` runs, by folder
	@rm -rf build/cov/check; find build/cov -name '*.gcda' -delete 2>/dev/null || :
	@$(MAKE) --no-print-directory check-one B=build/cov CC=gcc SAN=--coverage \
	  OPT="-O0 -g"
	@tests/coverage build/cov

# ---- fuzzers ----------------------------------------------------------------

FUZZ_MAKE = $(MAKE) --no-print-directory B=build/fuzz CC=clang \
	OPT="-O1 -g -fsanitize-coverage-ignorelist=tests/fuzz/not-counted" \
	SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
ifneq ($(findstring fuzzer,$(SAN)),)
# The sanitizers' calls are in the fuzzer that loads the plugin.
$(PLUGINS) $(TEST_PLUGINS): LDFLAGS += -Wl,--warn-unresolved-symbols,--no-warnings
endif

$(B)/fuzz-%: $(B)/tests/fuzz/fuzz_%.o $(B)/libsupport.a $(B)/libioemu-bench.a $(TEST_LIBS)
	@echo "  LD   $@"
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined -rdynamic -o $@ $(filter %.o,$^) \
	  -Wl,--start-group $(filter-out $(WITHOUT),$(filter %.a,$^)) -Wl,--end-group \
	  -lcmocka -luv -ljansson -lseccomp -ldl
# Both have a struct machine; this one wants the core's.
$(B)/fuzz-handover: WITHOUT := $(B)/libioemu-bench.a

T ?= $(FUZZERS)
fuzz-one: $(T:%=$(B)/fuzz-%) $(PLUGINS) $(TEST_PLUGINS)
	@for t in $(T); do mkdir -p build/corpus/$$t; \
	  dict=tests/fuzz/$$t.dict; [ ! -e $$dict ] || dict=-dict=$$dict; \
	  $(B)/fuzz-$$t -max_total_time=$(or $(S),60) -print_final_stats=1 -timeout=20 \
	    $${dict##tests*} -artifact_prefix=$(B)/$$t- build/corpus/$$t tests/fuzz/corpus/$$t \
	    >$(B)/$$t.log 2>&1 || { grep -v '^#' $(B)/$$t.log | tail -n 40; \
	    echo "FAILED $$t (all of it: $(B)/$$t.log)"; exit 1; }; \
	  awk -v t=$$t 'NR == FNR { if ($$1 == t) { $$1 = ""; why = ":" $$0 } next } \
	    /number_of_executed_units/ { n = $$2 } \
	    /average_exec_per_sec/ { print t ": " n " runs, " $$2 " a second" \
	      ($$2 < 1000 ? why : "") }' tests/fuzz/slow $(B)/$$t.log; done

# What `make check` does for some seeds, for N others.
nets-one: $(NET_TESTS) $(PLUGINS)
	@for t in anywhere fields; do s=$${SEED:-$$(date +%s)}; \
	  $(B)/tests/nets/test_$$t $(B)/devices $(or $(N),200) $$s \
	    >$(B)/nets-$$t.log 2>&1 || { tail -n 40 $(B)/nets-$$t.log; \
	    echo "FAILED nets $$t, SEED=$$s (all of it: $(B)/nets-$$t.log)"; exit 1; }; \
	  echo "nets $$t: $(or $(N),200) for each device, SEED=$$s"; done

nets: ## [test] under every plugin: saved anywhere, every field changed; N=200 tries each
	+@$(MAKE) --no-print-directory nets-one B=build/asan CC=gcc \
	  SAN="$(SANITIZE)" OPT="-O1 -g"

fuzz: ## [test] run the fuzzers, S=60 seconds each, T=NAME picks one; then nets
	+@$(FUZZ_MAKE) fuzz-one
	$(if $(filter file default,$(origin T)),+@$(MAKE) --no-print-directory nets)

# ---- lint -------------------------------------------------------------------

SOURCES := $(sort $(wildcard mini-ioemu/*.[ch] mini-ioemu/*/*.[ch] plugins-sdk/*/*.[ch] \
	   plugins-sdk/include/ioemu/*.h devices/*/*.[ch] devices/*/tests/*.[ch] tests/*/*.[ch] tests/lab/*/*.[ch]))

# What a source means, without how it is built.
FLAGS_LANG = $(filter -std=% -D% -I%,$(CFLAGS_ALL))

lint: all ## [test] style, static analysis, and the rules about devices
	@tests/lint $(B) "$(DEVICES)" $(CFLAGS_mini-ioemu) $(FLAGS_LANG)

format: ## [project] rewrite sources in the project's style
	clang-format -i $(SOURCES)

# ---- firmware: Xen's hvmloader with ours ------------------------------------

XEN_SOURCE ?= build/xen-source
HVMLOADER := $(B)/hvmloader/hvmloader

$(HVMLOADER): hvmloader/build $(wildcard hvmloader/*.[ch] hvmloader/*.patch) xen-patches/fetch-source
	@xen-patches/fetch-source $(XEN_SOURCE)
	@echo "  XEN  $@"
	$(Q)MAKEFLAGS= MAKELEVEL= hvmloader/build $(XEN_SOURCE)/xen $(@D)

hvmloader: $(HVMLOADER) ## [build] a drop-in for Xen's: what is behind PCI bridges gets its resources

# ---- install ----------------------------------------------------------------

I = $(DESTDIR)$(PREFIX)
install: all ## [build] install programs, plugins, SDK, machine description, manuals
	install -d $(I)/bin $(I)/lib/mini-ioemu/devices $(I)/lib/pkgconfig \
	  $(I)/include/ioemu $(I)/share/mini-ioemu $(I)/share/man/man1 \
	  $(I)/share/man/man5 $(I)/share/doc/mini-ioemu
	install -m 755 $(PROGRAMS) $(I)/bin/
	install -m 644 $(PLUGINS) $(I)/lib/mini-ioemu/devices/
	[ ! -e $(HVMLOADER) ] || install -m 755 $(HVMLOADER) $(I)/lib/mini-ioemu/
	install -m 644 plugins-sdk/include/ioemu/*.h $(I)/include/ioemu/
	install -m 644 plugins-sdk/doc/*.md plugins-sdk/doc/wire.json $(I)/share/doc/mini-ioemu/
	install -m 644 mini-ioemu/machine.conf $(I)/share/mini-ioemu/
	for n in 1 5; do for m in mini-ioemu/*.$$n plugins-sdk/*/*.$$n; do [ ! -e $$m ] || \
	  install -m 644 $$m $(I)/share/man/man$$n/; done; done
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' \
	  'plugindir=$${prefix}/lib/mini-ioemu/devices' '' 'Name: ioemu' \
	  'Description: SDK for mini-ioemu device plugins' \
	  'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
	  >$(I)/lib/pkgconfig/ioemu.pc

# ---- the lab: a real Xen ------------------------------------------------------

LAB := tests/lab/lab

# Without our hvmloader its own scenarios fail, no other.
lab-root: all
	@$(MAKE) -s --no-print-directory hvmloader || echo "lab: no hvmloader of ours" >&2
	@rm -rf $(B)/lab/root
	@$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/$(B)/lab/root \
	  PREFIX=/usr >/dev/null
	@mkdir -p $(B)/lab/root/opt/plugins
	@cd tests/lab/plugin && export PKG_CONFIG_SYSROOT_DIR=$(CURDIR)/$(B)/lab/root \
	  PKG_CONFIG_PATH=$(CURDIR)/$(B)/lab/root/usr/lib/pkgconfig && \
	  for p in bars doubler escape; do \
	  $(CC) -O2 -Wall -D_GNU_SOURCE -fPIC -shared -fvisibility=hidden -Wl,-z,defs \
	  $$(pkg-config --cflags ioemu) -o $(CURDIR)/$(B)/lab/root/opt/plugins/$$p.so $$p.c || exit 1; done

lab: lab-root ## [lab] run lab scenarios on a real Xen; S="NAME..." picks some
	$(LAB) run --build $(B)/lab $(S)

bench-lab: lab-root ## [measure] stock QEMU and mini-ioemu side by side on a real Xen
	$(LAB) bench --build $(B)/lab
	$(LAB) run --build $(B)/lab asyncrate

exitcost: lab-root ## [measure] instructions that an access costs, and whose, on a real Xen
	$(LAB) exitcost --build $(B)/lab $(if $(XEN),--xen $(XEN))

demo: setup ## [lab] from nothing to a guest on a real Xen, with times
	@$(MAKE) --no-print-directory lab-root
	$(LAB) demo --build $(B)/lab

# ---- everything -----------------------------------------------------------------

setup: ## [project] install the packages that are missing (Debian)
	@tests/setup

test: setup ## [test] set up, then every test there is
	@tests/all

HELP_GROUPS := build test measure lab project

clean: ## [build] remove everything built
	rm -rf $(B)

dist: ## [project] a tarball of what is committed: build/mini-ioemu-VERSION.tar.gz
	@mkdir -p build
	@[ -z "$$(git status --porcelain)" ] || echo "dist: what is not committed is left out" >&2
	git archive --prefix=$(DIST)/ -o build/$(DIST).tar.gz HEAD

# What a user has who unpacks it: no git repository.
distcheck: dist ## [project] unpack that tarball, build it and run its tests
	@rm -rf build/distcheck; mkdir -p build/distcheck
	tar -xzf build/$(DIST).tar.gz -C build/distcheck
	+@$(MAKE) --no-print-directory -C build/distcheck/$(DIST) B=build check

# Of each target that says "## [group] what it does", in the order of groups.
help: ## [project] this list
	@for g in $(HELP_GROUPS); do echo "$$g:"; \
	  sed -n "s/^\([a-z-]*\):.*## \[$$g\] /\1\t/p" Makefile | \
	  awk -F'\t' '{ printf "  %-12s %s\n", $$1, $$2 }'; done

.PHONY: all bench soak coverage fuzz fuzz-one nets nets-one check check-one lint format hvmloader install lab-root lab bench-lab exitcost demo \
	setup test clean dist distcheck help

# Xen's own trees (xen) are its own make files' matter.
-include $(shell find $(B) -name xen -prune -o -type f -name '*.d' -print 2>/dev/null)
