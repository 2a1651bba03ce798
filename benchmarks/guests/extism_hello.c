// The C hello guest behind Extism's ABI instead of Zeno's: the same request, the same work, the
// same response, so that one call through each host can be compared.

#include "../../fixtures/hello-c/hello.c"

#define EXTISM(name) __attribute__((import_module("extism:host/env"), import_name(#name)))

EXTISM(input_length) uint64_t input_length(void);
EXTISM(input_load_u8) uint8_t input_load_u8(uint64_t);
EXTISM(input_load_u64) uint64_t input_load_u64(uint64_t);
EXTISM(alloc) uint64_t extism_alloc(uint64_t);
EXTISM(store_u8) void store_u8(uint64_t, uint8_t);
EXTISM(store_u64) void store_u64(uint64_t, uint64_t);
EXTISM(output_set) void output_set(uint64_t, uint64_t);

static text load_input(void) {
    size_t size = (size_t)input_length(), at = 0;
    char *input = arena_take(size);
    for (; at + 8 <= size; at += 8) {
        uint64_t eight = input_load_u64(at);
        __builtin_memcpy(input + at, &eight, 8);
    }
    for (; at < size; at++) input[at] = (char)input_load_u8(at);
    return (text){input, size};
}

static void set_output(const char *response) {
    size_t size = 0, at = 0;
    while (response[size]) size++;
    uint64_t block = extism_alloc(size);
    for (; at + 8 <= size; at += 8) {
        uint64_t eight;
        __builtin_memcpy(&eight, response + at, 8);
        store_u64(block + at, eight);
    }
    for (; at < size; at++) store_u8(block + at, (uint8_t)response[at]);
    output_set(block, size);
}

EXPORT(echo) int echo_export(void) {
    set_output(execute(TEXT("hello.echo"), load_input()));
    arena_reset();
    return 0;
}
