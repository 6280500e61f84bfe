#define _GNU_SOURCE
#include "CEventLoop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

static uint32_t to_epoll(uint32_t events) {
    uint32_t result = EPOLLRDHUP;
    if (events & SLIPWAY_EPOLL_READ) result |= EPOLLIN;
    if (events & SLIPWAY_EPOLL_WRITE) result |= EPOLLOUT;
    return result;
}

static uint32_t from_epoll(uint32_t events) {
    uint32_t result = 0;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) result |= SLIPWAY_EPOLL_READ;
    if (events & EPOLLOUT) result |= SLIPWAY_EPOLL_WRITE;
    if (events & (EPOLLERR | EPOLLHUP)) result |= SLIPWAY_EPOLL_ERROR;
    return result;
}

int slipway_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = to_epoll(events), .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int slipway_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}

int slipway_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}

int slipway_epoll_remove(int epoll, int descriptor) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

int slipway_epoll_wait(int epoll, slipway_epoll_event *events, int capacity, int timeout_milliseconds) {
    enum { MOST = 64 };
    struct epoll_event ready[MOST];
    int wanted = capacity < MOST ? capacity : MOST;
    int count;
    do {
        count = epoll_wait(epoll, ready, wanted, timeout_milliseconds);
    } while (count < 0 && errno == EINTR && timeout_milliseconds < 0);
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int i = 0; i < count; i++) {
        events[i].token = ready[i].data.u64;
        events[i].events = from_epoll(ready[i].events);
    }
    return count;
}

int slipway_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int slipway_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    return write(descriptor, &one, sizeof one) == sizeof one || errno == EAGAIN ? 0 : -1;
}

int slipway_eventfd_drain(int descriptor) {
    uint64_t value;
    return read(descriptor, &value, sizeof value) == sizeof value || errno == EAGAIN ? 0 : -1;
}

void slipway_thread_set_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
