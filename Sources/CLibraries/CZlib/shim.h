// zlib's streams, whose initialisers are macros that Swift cannot import, as two calls over whole buffers.
#ifndef SLIPWAY_CZLIB_H
#define SLIPWAY_CZLIB_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

// A gzip wrapper around the usual window.
enum { SLIPWAY_GZIP_WINDOW_BITS = 15 + 16 };

/// The most bytes that compressing `length` bytes can take.
static inline size_t slipway_gzip_bound(size_t length) { return compressBound((uLong)length) + 32; }

/// Writes one gzip member. Returns its length, or 0 when there is no memory or no room.
static inline size_t slipway_gzip_compress(
    const uint8_t *input, size_t length, uint8_t *output, size_t capacity, int level) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (deflateInit2(&stream, level, Z_DEFLATED, SLIPWAY_GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)length;
    stream.next_out = output;
    stream.avail_out = (uInt)capacity;
    int status = deflate(&stream, Z_FINISH);
    size_t written = capacity - stream.avail_out;
    deflateEnd(&stream);
    return status == Z_STREAM_END ? written : 0;
}

/// Reads one gzip member, checking its sum. Returns the length of its content, or -1 if it is damaged or does not fit.
static inline ptrdiff_t slipway_gzip_decompress(
    const uint8_t *input, size_t length, uint8_t *output, size_t capacity) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit2(&stream, SLIPWAY_GZIP_WINDOW_BITS) != Z_OK) return -1;
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)length;
    stream.next_out = output;
    stream.avail_out = (uInt)capacity;
    int status = inflate(&stream, Z_FINISH);
    size_t written = capacity - stream.avail_out;
    inflateEnd(&stream);
    return status == Z_STREAM_END ? (ptrdiff_t)written : -1;
}

#endif
