// What the runner needs of Linux and Swift's Glibc module does not offer.
#ifndef SLIPWAY_CRUNNERSYSTEM_H
#define SLIPWAY_CRUNNERSYSTEM_H

#include <stddef.h>
#include <sys/types.h>

/// Makes `/proc/<this process>` unreadable to other processes of the same user. -1 and `errno` on failure.
int slipway_hide_process(void);

/// Orphaned descendants become children of this process, as they would of PID 1. -1 and `errno` on failure.
int slipway_adopt_orphans(void);

/// Blocks SIGTERM, SIGINT and SIGCHLD, ignores SIGPIPE, and returns a non-blocking descriptor that is readable when
/// one of the former is pending. -1 and `errno` on failure.
int slipway_signal_descriptor(void);

/// The next pending signal of that descriptor; 0 when there is none.
int slipway_next_signal(int descriptor);

/// A pipe whose ends are closed on exec. -1 and `errno` on failure.
int slipway_pipe(int *read_end, int *write_end);

/// The most descriptors in one message.
#define SLIPWAY_MAXIMUM_DESCRIPTORS 8

/// Two connected sockets that keep messages apart and are closed on exec. -1 and `errno` on failure.
int slipway_socket_pair(int *one_end, int *other_end);

/// Sends a message, with copies of descriptors, without waiting. -1 and `errno` on failure.
int slipway_send_descriptors(int socket, const void *text, size_t bytes, const int *descriptors, size_t count);

/// This process's environment: `NAME=value` strings, ended by a null pointer.
char *const *slipway_environment(void);

/// How a child's standard descriptors are set; `kept` ones stay open under their own numbers, -1 is no descriptor.
typedef struct {
    int input;
    int output;
    int error;
    int kept[2];
} slipway_spawn_descriptors;

/// Starts a program in a session of its own, with no signal blocked or ignored.
///
/// Both vectors end with a null pointer. Returns 0, or the `errno` of whatever failed, the exec included.
int slipway_spawn(
    const char *path, char *const *arguments, char *const *environment, const slipway_spawn_descriptors *descriptors,
    pid_t *child);

#endif
