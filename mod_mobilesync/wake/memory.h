/* For tests: the memory bus can break. */
#ifndef WAKE_MEMORY_H
#define WAKE_MEMORY_H

#include "wake/wake.h"

typedef enum {
    WAKE_MEMORY_UP,
    WAKE_MEMORY_DEAF, /* no hub is connected nor can connect; numbers are kept and read */
    WAKE_MEMORY_DOWN  /* and every call fails */
} wake_memory_state_t;

void wake_bus_memory_set(wake_bus_t *bus, wake_memory_state_t state);

/* As a server that lost its data: every number is forgotten. */
void wake_bus_memory_forget(wake_bus_t *bus);

#endif
