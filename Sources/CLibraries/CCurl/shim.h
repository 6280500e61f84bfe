// libcurl's variadic calls, one typed wrapper an argument type, and the parts of its types that Swift cannot import.
#ifndef SLIPWAY_CCURL_SHIM_H
#define SLIPWAY_CCURL_SHIM_H

#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

typedef size_t (*slipway_curl_data_callback)(char *, size_t, size_t, void *);
typedef int (*slipway_curl_progress_callback)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
typedef int (*slipway_curl_socket_callback)(CURL *, curl_socket_t, int, void *, void *);
typedef int (*slipway_curl_timer_callback)(CURLM *, long, void *);

// Easy handles.

static inline CURLcode slipway_curl_set_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode slipway_curl_set_size(CURL *easy, CURLoption option, int64_t value) {
    return curl_easy_setopt(easy, option, (curl_off_t)value);
}

static inline CURLcode slipway_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode slipway_curl_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode slipway_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

/// The bytes must outlive the handle: they are not copied.
static inline CURLcode slipway_curl_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob);
}

static inline CURLcode slipway_curl_set_data_callback(
    CURL *easy, CURLoption option, slipway_curl_data_callback callback) {
    return curl_easy_setopt(easy, option, callback);
}

static inline CURLcode slipway_curl_set_progress_callback(CURL *easy, slipway_curl_progress_callback callback) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

/// A connection that acknowledges nothing for this long is dead, whatever is waiting on it.
enum { SLIPWAY_CURL_UNACKNOWLEDGED_MILLISECONDS = 30000 };

static int slipway_curl_prepare_socket(void *context, curl_socket_t descriptor, curlsocktype purpose) {
    (void)context;
    // Commands that we start inherit no connections.
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    if (purpose == CURLSOCKTYPE_IPCXN) {
        unsigned int limit = SLIPWAY_CURL_UNACKNOWLEDGED_MILLISECONDS;
        setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
    }
    return CURL_SOCKOPT_OK;
}

static inline CURLcode slipway_curl_prepare_sockets(CURL *easy) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, slipway_curl_prepare_socket);
}

/// Decides about a connection that is about to be made; returns `CURL_SOCKET_BAD` to refuse it.
typedef curl_socket_t (*slipway_curl_open_callback)(void *, curlsocktype, struct curl_sockaddr *);

static inline CURLcode slipway_curl_set_open_callback(CURL *easy, slipway_curl_open_callback callback, void *context) {
    CURLcode status = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
    return status == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, callback) : status;
}

/// Copies the IP address that a connection would be made to, in network order; returns its length, 0 for another family.
static inline int slipway_curl_copy_address(struct curl_sockaddr *address, unsigned char bytes[16]) {
    const void *socket_address = &address->addr;
    if (address->family == AF_INET) {
        const struct sockaddr_in *found = socket_address;
        memcpy(bytes, &found->sin_addr, 4);
        return 4;
    }
    if (address->family == AF_INET6) {
        const struct sockaddr_in6 *found = socket_address;
        memcpy(bytes, &found->sin6_addr, 16);
        return 16;
    }
    return 0;
}

static inline curl_socket_t slipway_curl_open_socket(struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static inline long slipway_curl_get_number(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// Multi handles.

static inline CURLMcode slipway_curl_multi_set_number(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode slipway_curl_multi_set_callbacks(
    CURLM *multi, slipway_curl_socket_callback socket, slipway_curl_timer_callback timer, void *context) {
    CURLMcode status = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    if (status == CURLM_OK) status = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (status == CURLM_OK) status = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (status == CURLM_OK) status = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return status;
}

/// The next finished transfer; returns 0 when there is none.
static inline int slipway_curl_multi_next_finished(CURLM *multi, CURL **easy, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *easy = message->easy_handle;
        *result = message->data.result;
        return 1;
    }
    return 0;
}

#endif
