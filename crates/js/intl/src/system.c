// The module has no system below it: no files, no environment, no clock, no randomness.
#include <stdint.h>
#include <stdlib.h>

int32_t __imported_wasi_snapshot_preview1_environ_get(int32_t names, int32_t texts) { return 0; }

int32_t __imported_wasi_snapshot_preview1_environ_sizes_get(int32_t count, int32_t size) {
    *(uint32_t*)count = 0;
    *(uint32_t*)size = 0;
    return 0;
}

#define REFUSE(name, ...) \
    int32_t __imported_wasi_snapshot_preview1_##name(__VA_ARGS__) { return 52; }

REFUSE(args_get, int32_t a, int32_t b)
REFUSE(args_sizes_get, int32_t a, int32_t b)
REFUSE(clock_time_get, int32_t a, int64_t b, int32_t c)
REFUSE(fd_close, int32_t a)
REFUSE(fd_fdstat_get, int32_t a, int32_t b)
REFUSE(fd_fdstat_set_flags, int32_t a, int32_t b)
REFUSE(fd_prestat_get, int32_t a, int32_t b)
REFUSE(fd_prestat_dir_name, int32_t a, int32_t b, int32_t c)
REFUSE(fd_read, int32_t a, int32_t b, int32_t c, int32_t d)
REFUSE(fd_seek, int32_t a, int64_t b, int32_t c, int32_t d)
REFUSE(fd_write, int32_t a, int32_t b, int32_t c, int32_t d)
REFUSE(path_open, int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int64_t f, int64_t g, int32_t h, int32_t i)
REFUSE(path_filestat_get, int32_t a, int32_t b, int32_t c, int32_t d, int32_t e)
REFUSE(random_get, int32_t a, int32_t b)
REFUSE(poll_oneoff, int32_t a, int32_t b, int32_t c, int32_t d)
void __imported_wasi_snapshot_preview1_proc_exit(int32_t code) { __builtin_trap(); }
