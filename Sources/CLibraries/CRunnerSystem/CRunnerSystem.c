#define _GNU_SOURCE
#include "CRunnerSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int slipway_hide_process(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int slipway_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int slipway_signal_descriptor(void) {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &watched, NULL) != 0) return -1;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -1;
    return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

int slipway_next_signal(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t count;
    do {
        count = read(descriptor, &information, sizeof information);
    } while (count < 0 && errno == EINTR);
    return count == sizeof information ? (int)information.ssi_signo : 0;
}

int slipway_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int slipway_socket_pair(int *one_end, int *other_end) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    *one_end = ends[0];
    *other_end = ends[1];
    return 0;
}

int slipway_send_descriptors(int socket, const void *text, size_t bytes, const int *descriptors, size_t count) {
    if (count == 0 || count > SLIPWAY_MAXIMUM_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(SLIPWAY_MAXIMUM_DESCRIPTORS * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec content = {.iov_base = (void *)text, .iov_len = bytes};
    struct msghdr message = {
        .msg_iov = &content,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = CMSG_SPACE(count * sizeof(int)),
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -1 : 0;
}

char *const *slipway_environment(void) { return environ; }

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0) {
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    return error;
}

static int set_actions(posix_spawn_file_actions_t *actions, const slipway_spawn_descriptors *descriptors) {
    int error = posix_spawn_file_actions_adddup2(actions, descriptors->input, STDIN_FILENO);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, descriptors->output, STDOUT_FILENO);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, descriptors->error, STDERR_FILENO);
    for (int i = 0; i < 2 && error == 0; i++) {
        int kept = descriptors->kept[i];
        // Onto itself: that only clears its close-on-exec mark, and only in the child.
        if (kept >= 0) error = posix_spawn_file_actions_adddup2(actions, kept, kept);
    }
    return error;
}

int slipway_spawn(
    const char *path, char *const *arguments, char *const *environment, const slipway_spawn_descriptors *descriptors,
    pid_t *child) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = set_attributes(&attributes);
        if (error == 0) error = set_actions(&actions, descriptors);
        if (error == 0) error = posix_spawn(child, path, &actions, &attributes, arguments, environment);
        posix_spawn_file_actions_destroy(&actions);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}
