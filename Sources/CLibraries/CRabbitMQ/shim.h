// librabbitmq, and the constants and calls of it that Swift cannot import.
#ifndef SLIPWAY_CRABBITMQ_H
#define SLIPWAY_CRABBITMQ_H

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

// Method numbers are macros with a cast.
static const amqp_method_number_t SLIPWAY_CONNECTION_CLOSE = AMQP_CONNECTION_CLOSE_METHOD;
static const amqp_method_number_t SLIPWAY_CONNECTION_CLOSE_OK = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const amqp_method_number_t SLIPWAY_CONNECTION_BLOCKED = AMQP_CONNECTION_BLOCKED_METHOD;
static const amqp_method_number_t SLIPWAY_CONNECTION_UNBLOCKED = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const amqp_method_number_t SLIPWAY_CHANNEL_CLOSE = AMQP_CHANNEL_CLOSE_METHOD;
static const amqp_method_number_t SLIPWAY_CHANNEL_CLOSE_OK = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_RETURN = AMQP_BASIC_RETURN_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_DELIVER = AMQP_BASIC_DELIVER_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_CANCEL = AMQP_BASIC_CANCEL_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_GET_OK = AMQP_BASIC_GET_OK_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_ACK = AMQP_BASIC_ACK_METHOD;
static const amqp_method_number_t SLIPWAY_BASIC_NACK = AMQP_BASIC_NACK_METHOD;

/// The parts of a frame's union. Each is valid for frames of its type only.
static inline amqp_method_t slipway_frame_method(const amqp_frame_t *frame) { return frame->payload.method; }
static inline amqp_bytes_t slipway_frame_body(const amqp_frame_t *frame) { return frame->payload.body_fragment; }
static inline uint64_t slipway_frame_body_size(const amqp_frame_t *frame) {
    return frame->payload.properties.body_size;
}
static inline const amqp_basic_properties_t *slipway_frame_properties(const amqp_frame_t *frame) {
    return (const amqp_basic_properties_t *)frame->payload.properties.decoded;
}

/// Logs in by user and password, through a call of the library that takes variable arguments.
static inline amqp_rpc_reply_t slipway_amqp_login(
    amqp_connection_state_t connection, const char *virtual_host, int frame_bytes, int heartbeat_seconds,
    const amqp_table_t *properties, const char *user, const char *password) {
    return amqp_login_with_properties(
        connection, virtual_host, 0, frame_bytes, heartbeat_seconds, properties, AMQP_SASL_METHOD_PLAIN, user,
        password);
}

#endif
