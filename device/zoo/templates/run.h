/* Made by Collodi; do not edit. @name@ on TFLite Micro, to be called from C or C++. */
#ifndef @NAME@_RUN_H
#define @NAME@_RUN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* Once: lays the model out in its arena of @NAME@_ARENA_BYTES. NULL, or what is wrong. */
const char *@name@_begin(void);

/* @NAME@_INPUT_SIZE values in, @NAME@_OUTPUT_SIZE out. NULL, or what is wrong. Not reentrant. */
const char *@name@_run(const int8_t *input, int8_t *output);

/* Bytes of the arena that are in use on this board, after @name@_begin. */
unsigned @name@_arena_used(void);
#ifdef __cplusplus
}
#endif

#endif /* @NAME@_RUN_H */
