// The parts of epoll, eventfd and thread naming that Swift's Glibc module does not offer.
#ifndef SLIPWAY_CEVENTLOOP_H
#define SLIPWAY_CEVENTLOOP_H

#include <stdint.h>

/// One readiness report of `slipway_epoll_wait`.
typedef struct {
    uint64_t token;
    uint32_t events;
} slipway_epoll_event;

enum {
    SLIPWAY_EPOLL_READ = 1,
    SLIPWAY_EPOLL_WRITE = 2,
    SLIPWAY_EPOLL_ERROR = 4,
};

/// Each returns -1 and sets `errno` on failure.
int slipway_epoll_create(void);
int slipway_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int slipway_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token);
int slipway_epoll_remove(int epoll, int descriptor);
int slipway_epoll_wait(int epoll, slipway_epoll_event *events, int capacity, int timeout_milliseconds);
int slipway_eventfd_create(void);
int slipway_eventfd_signal(int descriptor);
int slipway_eventfd_drain(int descriptor);

/// Names the calling thread (at most 15 bytes are kept).
void slipway_thread_set_name(const char *name);

#endif
