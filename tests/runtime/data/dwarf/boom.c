// A plugin that counts its calls and traps in the third. Built with debug information:
// python -m ziglang cc -target wasm32-freestanding -g -O1 -nostdlib -fno-sanitize=undefined
//   -fdebug-compilation-dir=. -fno-ident -Wl,--no-entry boom.c -o boom.wasm
#define EXPORT(name) __attribute__((export_name(#name)))

static unsigned char heap[8192];
static unsigned used;
static char answer[] = "{\"success\":true,\"data\":{\"count\":0}}";

EXPORT(alloc) void *alloc(unsigned size) {
    used = used + size > sizeof heap ? size : used + size;
    return heap + used - size;
}

EXPORT(plugin_init) const char *init(void) { return "{\"name\":\"boom\",\"version\":\"1.0.0\"}"; }
EXPORT(plugin_register_slots) const char *slots(void) { return "[{\"name\":\"boom.run\"}]"; }
EXPORT(plugin_cleanup) void cleanup(void) {}

__attribute__((noinline)) static void count(char *digit) {
    if (*digit == '2')
        __builtin_trap();
    ++*digit;
}

EXPORT(plugin_execute)
const char *execute(const char *slot, unsigned slot_size, const char *request, unsigned size) {
    count(answer + sizeof answer - 4);
    return answer;
}
