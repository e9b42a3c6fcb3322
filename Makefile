# libvfsfs. `make help` tells the targets; README.md tells the rest.
#
# One rule set makes the archive natively and for wasm: each variant is a
# folder under build/ with a compiler of its own.

version = 0.1.0
PREFIX ?= /usr/local
UTHASH ?= $(or $(shell pkg-config --variable=includedir uthash 2>/dev/null),/usr/include)

warnings = -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS = -std=gnu11 $(warnings) -Iinclude -Ibuild/include

core = $(wildcard lib/*.c backends/*/*.c)
glue = $(wildcard lib/wasm/*.c)
headers = $(wildcard include/vfsfs/*.h lib/*.h lib/wasm/*.h backends/*/*.h) build/include/uthash.h build/include/opfs_worker.h

# What is called often is compiled for speed, the rest for size.
hot = cache dup fd mem node pool stream time
speed = $(if $(filter $(hot),$(notdir $(basename $(1)))),-O2,-Oz)

# make V=1 shows whole commands
say = $(if $(V),,@echo '  $@' && )

# ---- Emscripten: looked for when a target first needs it ----

# What is set on the command line, which GNU make before 4.4 does not tell $(shell).
given = $(foreach v,EMCC VFSFS_CACHE DEBIAN_MIRROR,$(if $(findstring command,$(origin $(v))),$(v)='$($(v))'))
# $(call find,VARIABLE,SCRIPT ARGUMENTS,WHAT): what the script prints, asked for once.
find = $(or $($(1)),$(eval $(1) := $$(shell $(given) test/setup/$(2)))$(or $($(1)),$(error no $(3): see the line above)))
em = $(call find,em_newest,emscripten.sh newest,Emscripten)
em_old = $(call find,em_oldest,emscripten.sh 3.1.69,Emscripten)

# ---- Variants: the compiler, its flags ----

cc_gcc = gcc -O2 -g
cc_clang = clang -O2 -g
cc_asan = clang -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
cc_tsan = clang -O1 -g -fsanitize=thread
cc_cov = clang -O1 -g -fprofile-instr-generate -fcoverage-mapping
native = gcc clang asan tsan cov

cc_wasm = $(em)/emcc -DNDEBUG $(call speed,$<)
cc_wasm-mt = $(em)/emcc -DNDEBUG -pthread $(call speed,$<)
cc_wasm64 = $(em)/emcc -DNDEBUG -sMEMORY64 $(call speed,$<)
cc_wasm-old = $(em_old)/emcc -DNDEBUG $(call speed,$<)
cc_wasm-old-mt = $(em_old)/emcc -DNDEBUG -pthread $(call speed,$<)
ar_wasm = $(em)/emar
ar_wasm-mt = $(em)/emar
ar_wasm64 = $(em)/emar
ar_wasm-old = $(em_old)/emar
ar_wasm-old-mt = $(em_old)/emar
wasm = wasm wasm-mt wasm64 wasm-old wasm-old-mt

all: build/gcc/libvfsfs.a

build/include/uthash.h:
	@UTHASH='$(abspath $(UTHASH))' test/setup/packages.sh build
	@mkdir -p $(@D)
	cp $(UTHASH)/uthash.h $@

# The ring's worker as a string, without its comments and indents.
build/include/opfs_worker.h: backends/opfs_common/opfs_worker.js
	@mkdir -p $(@D)
	{ echo 'static const char vfs__opfs_worker_text[] ='; \
		sed -e 's,^\t*,,' -e 's, */\*.*\*/$$,,' -e '/^\/\*/,/\*\/$$/d' -e '/^$$/d' -e 's,[\\"],\\&,g' -e 's,.*,"&\\n",' $<; \
		echo ';'; } >$@

# What a variant was compiled with: when that changes, so does all of it.
define variant
build/$(1)/compiler: FORCE
	@mkdir -p $$(@D)
	@new=$$@.$$$$$$$$; { echo '$$(cc_$(1)) $(hot)'; $$(firstword $$(cc_$(1))) --version; } >$$$$new && \
		if cmp -s $$$$new $$@; then rm $$$$new; else mv $$$$new $$@; fi
build/$(1)/%.o: %.c $$(headers) build/$(1)/compiler
	@mkdir -p $$(@D)
	$$(say)$$(cc_$(1)) $$(CFLAGS) $$(if $$(findstring lib/wasm,$$<),-Wno-missing-prototypes) -c $$< -o $$@
build/$(1)/$(2): $$(patsubst %.c,build/$(1)/%.o,$$(core) $(3))
	@rm -f $$@
	$$(say)$$(or $$(ar_$(1)),ar) rcs $$@ $$^
endef
$(foreach v,$(native),$(eval $(call variant,$(v),libvfsfs.a,)))
$(foreach v,$(wasm),$(eval $(call variant,$(v),libvfsfs$(if $(findstring -mt,$(v)),-mt).a,$$(glue))))

# The archives for wasm as users link them, both in one folder.
build/lib/%: build/wasm/% ; @mkdir -p $(@D) && cp $< $@
build/lib/libvfsfs-mt.a: build/wasm-mt/libvfsfs-mt.a ; @mkdir -p $(@D) && cp $< $@
build/lib/%.js: lib/wasm/%.js ; @mkdir -p $(@D) && cp $< $@
build/lib/libvfsfs-worker.js: backends/opfs_common/opfs_worker.js ; @mkdir -p $(@D) && cp $< $@
build/lib64/libvfsfs.a: build/wasm64/libvfsfs.a ; @mkdir -p $(@D) && cp $< $@
build/lib64/%.js: lib/wasm/%.js ; @mkdir -p $(@D) && cp $< $@
# with libvfsfs.js in it, so that one option does it
build/lib/libvfsfs_pool.js build/lib64/libvfsfs_pool.js: lib/wasm/libvfsfs.js lib/wasm/libvfsfs_pool.js
	@mkdir -p $(@D) && cat $^ >$@
js_libraries = $(notdir $(wildcard lib/wasm/*.js))
lib: build/lib/libvfsfs.a build/lib/libvfsfs-mt.a build/lib/libvfsfs-worker.js $(js_libraries:%=build/lib/%)
lib64: build/lib64/libvfsfs.a $(js_libraries:%=build/lib64/%)

# ---- vfsfs-pool: a program of the host, and nothing of the archives ----

tool_sources = $(wildcard backends/opfs_pool/tool/*.c)
tool_headers = $(wildcard backends/*/*.h backends/opfs_pool/tool/*.h)
# What reads the names that Firefox and Chromium keep, where the host has it.
tool_sqlite = $(if $(wildcard /usr/include/sqlite3.h),-DTOOL_SQLITE -lsqlite3)
tool_leveldb = $(if $(wildcard /usr/include/leveldb/c.h),-DTOOL_LEVELDB -lleveldb)
define tool
build/$(1)/vfsfs-pool: $$(tool_sources) $$(tool_headers) $$(headers) build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(CFLAGS) $$(tool_sources) build/$(1)/libvfsfs.a $$(tool_sqlite) $$(tool_leveldb) -lpthread -o $$@
endef
$(foreach v,$(native),$(eval $(call tool,$(v))))
vfsfs-pool: build/gcc/vfsfs-pool

# ---- Demo ----

demo_programs = $(foreach p,hello sqlite,$(foreach f,vfsfs jsfs wasmfs,build/demo/$p-$f.js))
demo_flags = -O2 -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=1MB
sqlite_flags = -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_MAX_MMAP_SIZE=268435456
fs_vfsfs = -Lbuild/lib -lvfsfs
fs_wasmfs = -sWASMFS
sqlite = $(call find,sqlite_,sqlite.sh,SQLite)

demo: $(demo_programs)
	NODE=$(em)/node examples/sqlite/demo.sh build/demo

build/demo/hello-%.js: examples/hello/hello.c build/lib/libvfsfs.a
	@mkdir -p $(@D)
	$(say)$(em)/emcc $(demo_flags) $< $(fs_$*) -o $@
build/demo/sqlite-%.js: build/demo/sqlite3.o build/demo/shell.o build/lib/libvfsfs.a
	$(say)$(em)/emcc $(demo_flags) build/demo/sqlite3.o build/demo/shell.o $(fs_$*) -o $@
build/demo/%.o: Makefile build/wasm/compiler
	@mkdir -p $(@D)
	@echo '  $@ (half a minute)' && $(em)/emcc -O2 -w $(sqlite_flags) -I$(sqlite) -c $(sqlite)/$*.c -o $@
.SECONDARY: build/demo/sqlite3.o build/demo/shell.o

# ---- Examples for browsers: build/examples/, each folder as it is served ----

example_flags = -O2 -sALLOW_MEMORY_GROWTH
# The program, and what it is linked with.
example_page = visits.js
example_csp = visits.js
example_modularize = visits.js -sMODULARIZE -sEXPORT_NAME=createVisits
example_module = visits.mjs -sMODULARIZE -sEXPORT_ES6
example_vite = visits.mjs -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=worker
starts = page csp modularize module vite
define example
build/examples/$(1)/$(firstword $(example_$(1))): examples/start/visits.c $$(wildcard examples/start/$(1)/*) build/lib/libvfsfs.a $$(js_libraries:%=build/lib/%)
	@mkdir -p $$(@D) && cp examples/start/$(1)/* $$(@D)
	$$(say)$$(em)/emcc $$(example_flags) $$< $(wordlist 2,9,$(example_$(1))) -Lbuild/lib -lvfsfs -lvfsfs_pool.js -o $$@
endef
$(foreach e,$(starts),$(eval $(call example,$(e))))
build/examples/callback/callback.js: $(wildcard examples/start/callback/*) build/lib/libvfsfs.a
	@mkdir -p $(@D) && cp examples/start/callback/* $(@D)
	$(say)$(em)/emcc $(example_flags) -Iinclude examples/start/callback/callback.c -Lbuild/lib -lvfsfs -o $@
build/examples/persist/persist.js: $(wildcard examples/persist/*) build/lib/libvfsfs.a $(js_libraries:%=build/lib/%)
	@mkdir -p $(@D) && cp examples/persist/* $(@D)
	$(say)$(em)/emcc $(example_flags) -sEXPORTED_RUNTIME_METHODS=stringToNewUTF8,UTF8ToString -Iinclude examples/persist/persist.c \
		-Lbuild/lib -lvfsfs -lvfsfs.js -lvfsfs_tar.js -o $@

build/examples/first.js: examples/start/visits.c test/web/examples_first.js build/lib/libvfsfs.a $(js_libraries:%=build/lib/%)
	@mkdir -p $(@D)
	$(say)$(em)/emcc $(example_flags) -sEXIT_RUNTIME $< -Lbuild/lib -lvfsfs -lvfsfs_pool.js --pre-js test/web/examples_first.js -o $@

examples = $(foreach e,$(starts),build/examples/$e/$(firstword $(example_$e))) build/examples/callback/callback.js build/examples/persist/persist.js
examples: $(examples)
persist: build/examples/persist/persist.js
	$(em)/node examples/serve.mjs build/examples/persist

# ---- Tests: test/README.md tells what each part is ----

tally = test/tally.sh
test_cflags = -std=gnu11 $(warnings) -Wno-missing-prototypes -Iinclude -Itest/posix -Ibackends/opfs_common
posix_tests = $(filter-out %/test_long.c,$(wildcard test/posix/test_*.c))
posix_sources = $(posix_tests) test/posix/fixture.c test/posix/all.c
sim_sources = $(wildcard test/sim/*.c) $(patsubst %,test/unit/%.c,test_sim test_sim_states test_sim_port sim_fixture)
pool_sources = $(wildcard test/sim/*.c) $(patsubst %,test/unit/%.c,test_pool test_pool_errors test_pool_nomem pool_fixture)
blocks_sources = $(patsubst %,test/unit/%.c,test_blocks test_blocks_random blocks_fixture)
wrap = $(patsubst %,-Wl$(comma)--wrap=%,$(1))
comma = ,
wraps_blocks = $(call wrap,malloc calloc free aligned_alloc)
wraps_nomem = $(call wrap,malloc calloc realloc aligned_alloc posix_memalign strdup strndup)

# Natively: libc's names stand for the library's (vfs_posix.h).
define native_tests
build/$(1)/test/posix/%.o: test/posix/%.c $$(headers) $$(wildcard test/posix/*.h) build/$(1)/compiler
	@mkdir -p $$(@D)
	$$(say)$$(cc_$(1)) $$(test_cflags) -Dmain=main_$$* $$(if $$(filter all,$$*),-Umain) \
		-include test/posix/vfs_posix.h -c $$< -o $$@
build/$(1)/posix: $$(patsubst %.c,build/$(1)/%.o,$$(posix_sources) test/posix/vfs_posix.c) build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$^ -lcmocka -lpthread -o $$@
build/$(1)/long: $$(patsubst %,build/$(1)/test/posix/%.o,test_long fixture vfs_posix) build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$^ -Wl,--defsym=main=main_test_long -lcmocka -lpthread -o $$@
build/$(1)/blocks: $$(blocks_sources) build/$(1)/libvfsfs.a test/unit/blocks_fixture.h
	$$(say)$$(cc_$(1)) $$(test_cflags) -Ilib $$(filter-out %.h,$$^) -lcmocka -lpthread $$(wraps_blocks) -o $$@
build/$(1)/threads: test/unit/test_threads.c build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) $$^ -lcmocka -lpthread -o $$@
build/$(1)/mount: test/unit/test_mount.c build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) $$^ -lcmocka -lpthread -o $$@
build/$(1)/tar build/$(1)/tar_bad: build/$(1)/%: test/unit/test_%.c test/unit/tar_fixture.c test/unit/tar_fixture.h build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) -Itest/unit $$(filter-out %.h,$$^) -lcmocka -lpthread -o $$@
build/$(1)/tar_nomem: test/fault/test_tar_nomem.c test/unit/tar_fixture.c test/unit/tar_fixture.h build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) -Itest/unit $$(filter-out %.h,$$^) -lcmocka -lpthread $$(wraps_nomem) -o $$@
build/$(1)/sim: $$(sim_sources) build/$(1)/backends/opfs_common/opfs_directory.o $$(wildcard test/sim/*.h) test/unit/sim_fixture.h
	$$(say)$$(cc_$(1)) $$(test_cflags) -Itest/sim -Ibackends/opfs_common $$(filter-out %.h,$$^) -lcmocka -o $$@
build/$(1)/pool: $$(pool_sources) build/$(1)/libvfsfs.a $$(wildcard test/sim/*.h) test/unit/pool_fixture.h
	$$(say)$$(cc_$(1)) $$(test_cflags) -Itest/sim -Ibackends/opfs_common $$(filter-out %.h,$$^) -lcmocka -lpthread $$(call wrap,malloc calloc realloc) -o $$@
build/$(1)/core: test/unit/test_core.c build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) $$^ -lcmocka -lpthread -o $$@
build/$(1)/nomem: test/fault/test_nomem.c test/fault/dump.c build/$(1)/libvfsfs.a
	$$(say)$$(cc_$(1)) $$(test_cflags) -Itest/fault $$^ -lcmocka -lpthread $$(wraps_nomem) -o $$@
endef
$(foreach v,gcc clang asan tsan cov,$(eval $(call native_tests,$(v))))

# Crashes and failed calls: all from sources, so that a rule of order can be broken.
crash_flags = $(test_cflags) -O2 -g -DVFS_TEST_RULES -Ibuild/include -Itest/crash -Itest/sim -lpthread
crash_sources = $(patsubst %,test/crash/%.c,model workload sahpool) $(wildcard test/sim/*.c) $(core)
crash_rules = 1 2 3 4 5 6 7 8 9 10 11 12 13 14
build/crash/%: test/crash/test_%.c $(crash_sources) $(headers) $(wildcard test/crash/*.h test/sim/*.h backends/*/*.h)
	@mkdir -p $(@D)
	$(say)gcc $< $(crash_sources) $(crash_flags) -o $@
build/crash/asan-%: test/crash/test_%.c $(crash_sources) $(headers) $(wildcard test/crash/*.h test/sim/*.h backends/*/*.h)
	@mkdir -p $(@D)
	$(say)$(cc_asan) $< $(crash_sources) $(crash_flags) -o $@

# Against the host's own libc and tmpfs: the tests themselves are tested.
build/host/posix: $(posix_sources)
	@mkdir -p $(@D)/posix.o
	@for f in $^; do n=$$(basename $$f .c); \
		case $$n in all) m=;; *) m=-Dmain=main_$$n;; esac; \
		gcc -O1 $(test_cflags) $$m -c $$f -o $(@D)/posix.o/$$n.o || exit 1; done
	$(say)gcc $(@D)/posix.o/*.o -lcmocka -o $@

test: ; @$(tally) --start && $(MAKE) --no-print-directory test-native test-node test-suites test-web && $(tally) --sum
.NOTPARALLEL: test

# The fuzzer, as a program over its corpus, and as libFuzzer's: SECONDS of it.
fuzz_sources = $(wildcard test/fuzz/*.c) $(core)
fuzz_flags = -O1 -g -std=gnu11 -fno-sanitize-recover=all -Iinclude -Ibuild/include -lpthread
build/fuzz/corpus: $(fuzz_sources) $(headers) $(wildcard test/fuzz/*.h)
	@mkdir -p $(@D)
	$(say)clang -DSTANDALONE -fsanitize=address,undefined $(fuzz_sources) $(fuzz_flags) -o $@
build/fuzz/fuzz: $(fuzz_sources) $(headers) $(wildcard test/fuzz/*.h)
	@mkdir -p $(@D)
	$(say)clang -fsanitize=fuzzer,address,undefined $(fuzz_sources) $(fuzz_flags) -o $@
SECONDS ?= 3600
fuzz: build/fuzz/fuzz
	@mkdir -p build/fuzz/found && cp -n test/fuzz/corpus/* build/fuzz/found
	build/fuzz/fuzz -max_total_time=$(SECONDS) -max_len=1500 -timeout=120 -rss_limit_mb=4096 build/fuzz/found

native_programs = $(foreach v,gcc clang asan tsan,build/$v/posix) build/host/posix \
	build/asan/blocks build/asan/sim build/asan/core build/tsan/core build/asan/mount build/asan/tar build/asan/tar_bad build/asan/vfsfs-pool build/asan/tar_nomem build/asan/threads build/tsan/threads build/asan/pool build/tsan/pool build/gcc/nomem build/asan/nomem build/fuzz/corpus \
	build/crash/crash build/crash/faults build/crash/asan-crash build/crash/asan-damage
test-native:
	@test/setup/packages.sh build tool fuzz
	@$(MAKE) --no-print-directory -j2 $(native_programs)
	@$(tally) posix,tmpfs build/host/posix
	@for v in gcc clang asan tsan; do $(tally) posix,$$v build/$$v/posix; done
	@for v in asan tsan; do $(tally) threads,$$v build/$$v/threads; $(tally) core,$$v build/$$v/core; $(tally) pool,$$v build/$$v/pool; done
	@$(tally) blocks,asan build/asan/blocks; $(tally) sim,asan build/asan/sim; $(tally) mount,asan build/asan/mount
	@$(tally) tar,asan build/asan/tar; $(tally) tar-bad,asan build/asan/tar_bad; $(tally) tar-nomem,asan build/asan/tar_nomem
	@$(tally) vfsfs-pool,asan test/tool/run.sh build/asan/vfsfs-pool
	@for v in gcc asan; do $(tally) nomem,$$v build/$$v/nomem; done
	@$(tally) fuzz,corpus build/fuzz/corpus test/fuzz/corpus
	@$(tally) crash,asan build/crash/asan-crash; $(tally) crash,faults build/crash/faults; $(tally) crash,damage build/crash/asan-damage
	@for r in $(crash_rules); do $(tally) crash,rule-$$r build/crash/crash -b $$r; done

# wasm: the same posix tests as one program, for each archive.
cmocka = $(call find,cmocka_$(1),cmocka-wasm.sh $(2)/emcc,cmocka)
cmocka_lib_wasm = libcmocka.a
cmocka_lib_wasm-mt = libcmocka-mt.a
cmocka_lib_wasm64 = libcmocka64.a
cmocka_lib_wasm-old = libcmocka.a
cmocka_lib_wasm-old-mt = libcmocka-mt.a
cmocka_wasm = $(call cmocka,$(if $(findstring old,$(1)),old,new),$(if $(findstring old,$(1)),$(em_old),$(em)))
kill_sources = $(patsubst %,test/web/kill_%.c,writer ops check prove)
opfs_port_sources = $(patsubst %,test/web/opfs_%.c,port names files)
ring_programs = $(patsubst %,build/wasm-mt/%.js,posix-pool ring_threads ring_page ring_fault ring_script)
ring_flags_script = --js-library lib/wasm/libvfsfs.js --pre-js test/web/ring_script_pre.js
ring_flags_threads = -DPAGE=0 -sPTHREAD_POOL_SIZE=8
ring_source_page = threads
ring_flags_page = -DPAGE=1 -sPROXY_TO_PTHREAD -sPTHREAD_POOL_SIZE=8
posix_wasm_flags = -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=1MB -sEXIT_RUNTIME
define wasm_tests
build/$(1)/test/posix/%.o: test/posix/%.c $$(headers) $$(wildcard test/posix/*.h) build/$(1)/compiler
	@mkdir -p $$(@D)
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O1 $$(test_cflags) -I$$(call cmocka_wasm,$(1))/include \
		-Dmain=main_$$* $$(if $$(filter all,$$*),-Umain) -c $$< -o $$@
build/$(1)/posix.js: $$(patsubst %.c,build/$(1)/%.o,$$(posix_sources)) build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O1 $$(posix_wasm_flags) $$(patsubst %.c,build/$(1)/%.o,$$(posix_sources)) \
		-Lbuild/$(1) -lvfsfs$(2) $$(call cmocka_wasm,$(1))/lib/$$(cmocka_lib_$(1)) -o $$@
build/$(1)/test/pool-fixture.o: test/posix/fixture.c $$(headers) $$(wildcard test/posix/*.h) build/$(1)/compiler
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O1 $$(test_cflags) -I$$(call cmocka_wasm,$(1))/include \
		-DFIXTURE_CAPS=vfs_opfs_pool.caps -include vfsfs/opfs_pool.h -c $$< -o $$@
build/$(1)/posix-pool.js: $$(patsubst %.c,build/$(1)/%.o,$$(posix_tests) test/posix/all.c) build/$(1)/test/pool-fixture.o \
		build/$(1)/libvfsfs$(2).a test/web/mount_pool.c test/web/mount_pool.js
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O1 -Iinclude $$(posix_wasm_flags) $$(filter %.o %.c,$$^) -Lbuild/$(1) -lvfsfs$(2) \
		--js-library lib/wasm/libvfsfs.js --pre-js test/web/mount_pool.js $$(call cmocka_wasm,$(1))/lib/$$(cmocka_lib_$(1)) -o $$@
build/$(1)/sahpool_pool.js: test/web/sahpool_pool.c test/web/sahpool_calls.js lib/wasm/libvfsfs.js lib/wasm/libvfsfs_tar.js build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O1 $$(test_cflags) $$(filter-out -sEXIT_RUNTIME,$$(posix_wasm_flags)) -sEXPORTED_RUNTIME_METHODS=ccall \
		$$< -Lbuild/$(1) -lvfsfs$(2) --js-library lib/wasm/libvfsfs.js --js-library lib/wasm/libvfsfs_tar.js --pre-js test/web/sahpool_calls.js -o $$@
build/$(1)/kill.js: $$(kill_sources) test/web/kill.js test/web/kill_ops.h lib/wasm/libvfsfs.js build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O2 $$(test_cflags) $$(posix_wasm_flags) $$(kill_sources) -Lbuild/$(1) -lvfsfs$(2) \
		--js-library lib/wasm/libvfsfs.js --pre-js test/web/kill.js -o $$@
build/$(1)/quota.js: test/web/quota.c test/web/quota.js lib/wasm/libvfsfs.js build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O2 $$(test_cflags) $$(posix_wasm_flags) $$< -Lbuild/$(1) -lvfsfs$(2) \
		--js-library lib/wasm/libvfsfs.js --pre-js test/web/quota.js -o $$@
build/$(1)/atomic.js: test/web/atomic.c test/web/atomic.js lib/wasm/libvfsfs.js build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O2 $$(test_cflags) $$(posix_wasm_flags) $$< -Lbuild/$(1) -lvfsfs$(2) \
		--js-library lib/wasm/libvfsfs.js --pre-js test/web/atomic.js -o $$@
build/$(1)/tar_pool.js: test/wasm/tar.c test/wasm/tar.js lib/wasm/libvfsfs.js lib/wasm/libvfsfs_tar.js build/$(1)/libvfsfs$(2).a
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O2 -DPOOL $$(test_cflags) $$(posix_wasm_flags) $$< -Lbuild/$(1) -lvfsfs$(2) \
		--js-library lib/wasm/libvfsfs.js --js-library lib/wasm/libvfsfs_tar.js --pre-js test/wasm/tar.js -o $$@
build/$(1)/opfs_port.js: $$(opfs_port_sources) test/web/opfs_steps.h $$(wildcard backends/opfs_common/*.h) build/$(1)/libvfsfs$(2).a
	$$(say)$$(cc_$(1)) $$(filter-out -Werror,$$(test_cflags)) $$(posix_wasm_flags) $$(opfs_port_sources) -Lbuild/$(1) -lvfsfs$(2) -o $$@
build/$(1)/ring_%.js: $$(wildcard test/web/ring_*.c backends/opfs_common/*.h) test/web/ring_script_pre.js lib/wasm/libvfsfs.js build/$(1)/libvfsfs$(2).a build/$(1)/ring_trap.js build/$(1)/ring_no_wait.js build/$(1)/libvfsfs-worker.js
	$$(say)$$(filter-out -O2 -Oz,$$(cc_$(1))) -O2 $$(filter-out -Werror,$$(test_cflags)) $$(posix_wasm_flags) test/web/ring_$$(or $$(ring_source_$$*),$$*).c -Lbuild/$(1) -lvfsfs$(2) $$(ring_flags_$$*) -o $$@
build/$(1)/ring_trap.js: test/web/ring_trap.js ; @cp $$< $$@
build/$(1)/ring_no_wait.js: ; @echo "delete Atomics.waitAsync; importScripts('libvfsfs-worker.js');" >$$@
build/$(1)/libvfsfs-worker.js: backends/opfs_common/opfs_worker.js ; @cp $$< $$@
endef
$(foreach v,$(wasm),$(eval $(call wasm_tests,$(v),$(if $(findstring -mt,$(v)),-mt))))

test-node:
	@$(MAKE) --no-print-directory -j2 $(foreach v,$(wasm),build/$v/posix.js) lib
	@for v in wasm wasm-mt wasm64; do $(tally) posix,$$v,node $(em)/node build/$$v/posix.js; done
	@for v in wasm-old wasm-old-mt; do $(tally) posix,$$v,node $(em_old)/node build/$$v/posix.js; done
	@EM_CLOSURE_COMPILER=$$(test/setup/closure.sh) EMCC=$(em)/emcc NODE=$(em)/node LIBS='build/lib build/wasm64' \
		$(tally) linking,node test/wasm/run.sh
	@EMCC=$(em_old)/emcc NODE=$(em_old)/node LIBS='build/wasm-old build/wasm-old-mt' \
		$(tally) linking,node,3.1.69 test/wasm/run.sh
	@EMCC=$(em)/emcc NODE=$(em)/node $(tally) install test/wasm/install.sh
	@$(tally) setup test/setup/selftest.sh

test-web:
	@test/setup/packages.sh build tool browser
	@$(MAKE) --no-print-directory -j2 build/gcc/vfsfs-pool build/wasm/posix-pool.js build/wasm/tar_pool.js build/wasm/kill.js $(ring_programs) build/wasm/sahpool_pool.js build/wasm/atomic.js $(foreach v,wasm wasm-mt,build/$v/posix.js build/$v/opfs_port.js) examples build/examples/first.js
	@$(tally) posix,wasm,chromium test/web/run.sh --browser chromium build/wasm/posix.js
	@$(tally) posix,wasm-mt,chromium test/web/run.sh --browser chromium --mt build/wasm-mt/posix.js
	@for b in chromium firefox; do $(tally) posix,opfs_pool,$$b test/web/run.sh --browser $$b build/wasm/posix-pool.js; done
	@for b in chromium firefox; do NODE=$(em)/node $(tally) examples,$$b test/web/examples.sh $$b; done
	@for b in chromium firefox; do $(tally) tar,opfs_pool,$$b test/web/tar.sh $$b build/wasm/tar_pool.js; done
	@for b in chromium firefox; do $(tally) vfsfs-pool,$$b test/tool/profile.sh $$b build/gcc/vfsfs-pool build/wasm/tar_pool.js; done
	@for b in chromium firefox; do $(tally) opfs-port,$$b test/web/opfs_port.sh $$b build/wasm/opfs_port.js; done
	@for b in chromium firefox; do $(tally) atomic,$$b test/web/atomic.sh $$b build/wasm/atomic.js; done
	@$(tally) opfs-port,ring,chromium test/web/opfs_port.sh chromium build/wasm-mt/opfs_port.js
	@$(tally) posix,ring,chromium test/web/run.sh --browser chromium --mt --timeout 400 build/wasm-mt/posix-pool.js
	@$(tally) ring,chromium test/web/ring.sh chromium build/wasm-mt
	@for b in chromium firefox; do $(tally) kill,$$b test/web/kill.sh $$b 5; done
	@for b in chromium firefox; do $(tally) sahpool,$$b test/web/sahpool.sh $$b build/wasm/sahpool_pool.js; done

suites = EMCC=$(1)/emcc NODE=$(1)/node VFSFS_LDFLAGS='$(patsubst %,-L$(CURDIR)/build/%,$(2)) -lvfsfs'
test-suites: lib build/wasm-old/libvfsfs.a build/wasm-old-mt/libvfsfs-mt.a
	@$(call suites,$(em),lib) $(tally) gnulib test/suites/gnulib.sh
	@$(call suites,$(em),lib) $(tally) emscripten test/suites/emscripten.sh
	@$(call suites,$(em_old),wasm-old wasm-old-mt) $(tally) gnulib,3.1.69 test/suites/gnulib.sh --part 1/3
	@$(call suites,$(em_old),wasm-old wasm-old-mt) $(tally) emscripten,3.1.69 test/suites/emscripten.sh --part 1/3

build/%/bench-ring.js: test/bench/ring.c build/%/libvfsfs.a
	$(say)$(em)/emcc -O2 -Iinclude -Ibackends/opfs_common $(posix_wasm_flags) $< -Lbuild/$* -lvfsfs -o $@
build/wasm-mt/bench-ring.js: test/bench/ring.c build/wasm-mt/libvfsfs-mt.a
	$(say)$(em)/emcc -O2 -pthread -Iinclude -Ibackends/opfs_common $(posix_wasm_flags) $< -Lbuild/wasm-mt -lvfsfs-mt -o $@
# A call of an open file: the handle itself, and over the ring.
bench-ring: build/wasm/bench-ring.js build/wasm-mt/bench-ring.js
	for b in chromium firefox; do for v in wasm wasm-mt; do echo "$$b $$v"; test/web/run.sh --browser $$b --mt build/$$v/bench-ring.js; done; done

bench: lib
	test/bench/run.sh --browser chromium
	@test/setup/packages.sh browser firefox
	test/bench/durable.sh --browser chromium
	test/bench/durable.sh --browser firefox

lint: all lib
	@test/setup/packages.sh build lint fuzz
	@EMCC=$(em)/emcc test/lint.sh

# ---- Installation ----

install: lib vfsfs-pool
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/lib/cmake/vfsfs $(DESTDIR)$(PREFIX)/include/vfsfs
	install -m 644 build/lib/libvfsfs.a build/lib/libvfsfs-mt.a build/lib/libvfsfs-worker.js $(js_libraries:%=build/lib/%) $(DESTDIR)$(PREFIX)/lib
	install -m 755 build/gcc/vfsfs-pool $(DESTDIR)$(PREFIX)/bin
	install -m 644 include/vfsfs/*.h $(DESTDIR)$(PREFIX)/include/vfsfs
	for f in vfsfs vfsfs-mt; do case $$f in *-mt) flag=' -pthread';; *) flag=;; esac; \
		sed "s,@PREFIX@,$(PREFIX),; s,@VERSION@,$(version),; s,@LIB@,$$f,; s,@FLAG@,$$flag," lib/wasm/vfsfs.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/$$f.pc || exit 1; done
	install -m 644 lib/wasm/vfsfsConfig.cmake $(DESTDIR)$(PREFIX)/lib/cmake/vfsfs
	sed 's,@VERSION@,$(version),' lib/wasm/vfsfsConfigVersion.cmake.in \
		>$(DESTDIR)$(PREFIX)/lib/cmake/vfsfs/vfsfsConfigVersion.cmake

help:
	@echo 'make demo       SQLite and a tour of the filesystem, in Node and Chromium'
	@echo 'make persist    serves examples/persist at 127.0.0.1:8000; make examples: build/examples/'
	@echo 'make test       every test; the parts: test-native test-node test-web test-suites'
	@echo 'make test-long  what takes longer'
	@echo 'make lint       what is checked without running'
	@echo 'make bench      speed, memory and size beside the peers'
	@echo 'make bench-ring what a call of an open file of OPFS costs'
	@echo 'make lib        build/lib: libvfsfs.a, libvfsfs-mt.a, libvfsfs*.js for wasm'
	@echo 'make lib64      build/lib64: libvfsfs.a and libvfsfs*.js for -sMEMORY64'
	@echo 'make vfsfs-pool build/gcc/vfsfs-pool: looks at, extracts and repairs pools'
	@echo 'make            build/gcc/libvfsfs.a, natively'
	@echo 'make install    PREFIX=$(PREFIX)'
	@echo 'Variables: EMCC, PREFIX, DESTDIR, UTHASH, VFSFS_CACHE, V=1'

clean:
	rm -rf build

test-long:
	@$(tally) --start
	@$(MAKE) --no-print-directory build/gcc/long build/fuzz/corpus build/fuzz/fuzz build/crash/crash build/crash/faults build/crash/asan-damage
	@$(tally) long,gcc build/gcc/long
	@$(tally) browsers env PATH=$(em):$$PATH test/web/selftest.sh chromium firefox
	@test/setup/packages.sh browser && $(MAKE) --no-print-directory build/wasm/kill.js build/wasm-mt/opfs_port.js build/wasm-mt/posix-pool.js $(ring_programs)
	@$(tally) opfs-port,ring,firefox test/web/opfs_port.sh firefox build/wasm-mt/opfs_port.js
	@$(tally) posix,ring,firefox test/web/run.sh --browser firefox --mt --timeout 400 build/wasm-mt/posix-pool.js
	@for b in chromium firefox; do $(tally) ring-all,$$b test/web/ring.sh $$b build/wasm-mt all; done
	@for b in chromium firefox; do $(tally) kill-50,$$b test/web/kill.sh $$b 50; $(tally) kill-seen,$$b test/web/kill.sh $$b 4 1 prove; $(tally) kill-claimed,$$b test/web/kill.sh $$b 3 1 claim; done
	@for s in 1 2 3 4 5; do $(tally) crash,seed-$$s build/crash/crash -l -s $$s; done; $(tally) crash,faults build/crash/faults -l; $(tally) crash,damage build/crash/asan-damage -l
	@$(tally) fuzz,random build/fuzz/corpus -r 200000 1
	@$(tally) fuzz,coverage test/fuzz/coverage.sh
	@$(tally) fuzz,hour $(MAKE) --no-print-directory fuzz
	@$(tally) --sum

.PHONY: FORCE examples persist vfsfs-pool lint install help test-long all lib lib64 demo test test-native test-node test-web test-suites bench clean fuzz bench-ring
.DELETE_ON_ERROR:
