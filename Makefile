# libvfsfs. `make help` tells the targets; README.md tells the rest.
#
# One rule set makes the archive natively and for wasm: each variant is a
# folder under build/ with a compiler of its own.

PREFIX ?= /usr/local
UTHASH ?= $(or $(shell pkg-config --variable=includedir uthash 2>/dev/null),/usr/include)

warnings = -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS = -std=gnu11 $(warnings) -Iinclude -Ibuild/include

core = $(wildcard lib/*.c backends/*/*.c)
glue = $(wildcard lib/wasm/*.c)
headers = $(wildcard include/vfsfs/*.h lib/*.h lib/wasm/*.h) build/include/uthash.h

# What is called often is compiled for speed, the rest for size.
hot = attr blocks dentry dir fd mem node open path stream time
speed = $(if $(filter $(hot),$(notdir $(basename $(1)))),-O2,-Oz)

# make V=1 shows whole commands
say = $(if $(V),,@echo '  $@' && )

# ---- Emscripten: looked for when a target first needs it ----

find = $(or $($(1)),$(eval $(1) := $$(shell test/setup/emscripten.sh $(2)))$(or $($(1)),$(error no Emscripten: see the line above)))
em = $(call find,em_newest,newest)
em_old = $(call find,em_oldest,3.1.69)

# ---- Variants: the compiler, its flags ----

cc_gcc = gcc -O2 -g
cc_clang = clang -O2 -g
cc_asan = clang -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
cc_tsan = clang -O1 -g -fsanitize=thread
cc_cov = clang -O1 -g -fprofile-instr-generate -fcoverage-mapping
cc_fuzz = clang -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fprofile-instr-generate -fcoverage-mapping
native = gcc clang asan tsan cov fuzz

cc_wasm = $(em)/emcc $(call speed,$<)
cc_wasm-mt = $(em)/emcc -pthread $(call speed,$<)
cc_wasm64 = $(em)/emcc -sMEMORY64 $(call speed,$<)
cc_wasm-old = $(em_old)/emcc $(call speed,$<)
cc_wasm-old-mt = $(em_old)/emcc -pthread $(call speed,$<)
ar_wasm = $(em)/emar
ar_wasm-mt = $(em)/emar
ar_wasm64 = $(em)/emar
ar_wasm-old = $(em_old)/emar
ar_wasm-old-mt = $(em_old)/emar
wasm = wasm wasm-mt wasm64 wasm-old wasm-old-mt

all: build/gcc/libvfsfs.a

build/include/uthash.h:
	@test/setup/packages.sh build
	@mkdir -p $(@D)
	cp $(UTHASH)/uthash.h $@

define variant
build/$(1)/%.o: %.c $$(headers)
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
lib: build/lib/libvfsfs.a build/lib/libvfsfs-mt.a

clean:
	rm -rf build

.PHONY: all lib clean
.DELETE_ON_ERROR:
