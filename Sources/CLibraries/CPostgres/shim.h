// libpq, and the constants and calls of it that Swift cannot import or that differ between its versions.
#ifndef SLIPWAY_CPOSTGRES_H
#define SLIPWAY_CPOSTGRES_H

#include <libpq-fe.h>

enum {
    SLIPWAY_DIAG_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
    SLIPWAY_DIAG_SQLSTATE = PG_DIAG_SQLSTATE,
    SLIPWAY_DIAG_MESSAGE = PG_DIAG_MESSAGE_PRIMARY,
    SLIPWAY_DIAG_DETAIL = PG_DIAG_MESSAGE_DETAIL,
    SLIPWAY_DIAG_POSITION = PG_DIAG_STATEMENT_POSITION,
    SLIPWAY_DIAG_SCHEMA = PG_DIAG_SCHEMA_NAME,
    SLIPWAY_DIAG_TABLE = PG_DIAG_TABLE_NAME,
    SLIPWAY_DIAG_COLUMN = PG_DIAG_COLUMN_NAME,
    SLIPWAY_DIAG_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME,
};

/// Marks the end of a statement in the pipeline. Newer libraries leave the writing to the next flush.
static inline int slipway_pq_send_sync(PGconn *connection) {
#ifdef LIBPQ_HAS_SEND_PIPELINE_SYNC
    return PQsendPipelineSync(connection);
#else
    return PQpipelineSync(connection);
#endif
}

static inline void slipway_pq_ignore_notice(void *unused, const PGresult *notice) {
    (void)unused;
    (void)notice;
}

/// Keeps the server's notices off standard error, where libpq would print them, values and all.
static inline void slipway_pq_ignore_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, slipway_pq_ignore_notice, NULL);
}

#endif
