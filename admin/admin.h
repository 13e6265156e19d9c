/* Administration of SyncStates: a request described without httpd, answered in JSON.
 *
 * REST below the Location of the handler; NAME stands for a percent-encoded name.
 *
 *   GET    /                                          what there is; a browser goes to the page
 *   GET    /page/, /page/FILE                         the page for browsers
 *   GET    /accounts                                  accounts, page by page
 *   GET    /accounts/ACCOUNT                          an account with its devices
 *   POST   /accounts/ACCOUNT/reset                    all its devices begin again
 *   GET    /accounts/ACCOUNT/undo                     what can be brought back
 *   POST   /accounts/ACCOUNT/undo/ID                  bring it back
 *   GET    /devices                                   devices of all accounts
 *   GET    /accounts/ACCOUNT/devices/DEVICE           one device in full
 *   GET    /accounts/ACCOUNT/devices/DEVICE/exchanges its last exchanges
 *   GET    /accounts/ACCOUNT/devices/DEVICE/why       why it has an item, or lacks it
 *   DELETE /accounts/ACCOUNT/devices/DEVICE           remove it
 *   POST   /accounts/ACCOUNT/devices/DEVICE/reset     it begins again
 *   POST   /accounts/ACCOUNT/devices/DEVICE/folders/FOLDER/reset
 *   POST   /accounts/ACCOUNT/devices/DEVICE/folders/FOLDER/approve   a mass change was meant
 *   POST   /accounts/ACCOUNT/devices/DEVICE/folders/FOLDER/reject    it was not
 *   POST   /accounts/ACCOUNT/devices/DEVICE/retry     quarantined items are tried again
 *   POST   /accounts/ACCOUNT/devices/DEVICE/suspend   it is answered 503 until it is resumed
 *   POST   /accounts/ACCOUNT/devices/DEVICE/resume
 *   POST   /accounts/ACCOUNT/devices/DEVICE/wipe      it erases itself, or the account
 *   DELETE /accounts/ACCOUNT/devices/DEVICE/wipe      it does not, unless it has
 *   POST   /accounts/ACCOUNT/devices/DEVICE/release   it has, and may come back
 *   GET    /policies                                  what phones have to do
 *   POST   /accounts/ACCOUNT/devices/DEVICE/provision it has to acknowledge its policy anew
 *   POST   /purge, /accounts/ACCOUNT/purge            removes devices not seen for some days
 *   GET    /accounts/ACCOUNT/devices/DEVICE/trace     what was traced of it
 *   POST   /accounts/ACCOUNT/devices/DEVICE/trace     trace it for a while
 *   DELETE /accounts/ACCOUNT/devices/DEVICE/trace     no longer
 *   GET    /accounts/ACCOUNT/devices/DEVICE/bundle    all that support needs to know of it
 *   POST   /accounts/ACCOUNT/devices/DEVICE/profile   what is done differently for it
 *   DELETE /accounts/ACCOUNT/devices/DEVICE/profile   as for others of its kind
 *   GET    /throttles                                 who is held back, and until when
 *   DELETE /throttles, /throttles/ID                  lets them through at once
 *   GET    /access                                    the mode of access control
 *   GET    /access/devices                            what was decided, and devices without a decision
 *   POST   /access/devices/DEVICE                     decides (DELETE: forgets) about a device
 *   POST   /access/import, /access/adopt              decides about many
 *   GET    /access/rules                              its rules (POST: a rule is set)
 *   DELETE /access/rules, /access/rules/ID
 *   GET    /parked                                    how many wait, and where
 *   POST   /index/rebuild                             finds accounts that lists have lost
 *   GET    /audit                                     who did what
 *   GET    /metrics                                   figures, in Prometheus text format
 *
 * Parameters come in the query or, for POST and DELETE, in a JSON object; a route refuses those it
 * does not know, so that a misspelt dry_run does nothing. What changes something needs the
 * content type application/json or the header X-MobileSync-Admin: 1, neither of which a form of
 * another site can send. Errors are application/problem+json (RFC 9457). */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "admin/throttle.h"
#include "backend/backend.h"
#include "base/log.h"
#include "base/text.h"
#include "eas/profile.h"
#include "eas/policy.h"
#include "state/state.h"
#include "sync/access.h"
#include "wake/wake.h"

#define ADMIN_BODY_MAX 65536
#define ADMIN_UNDO_TIME apr_time_from_sec(24 * 3600)

/* What a virtual host serves. */
typedef struct {
    state_store_t *store;
    wake_bus_t *bus;
    backend_t *backend;       /* only read: sizes, and what there is. NULL: none */
    eas_profiles_t *profiles; /* of clients; NULL: none */
    const char *node;
    sync_access_mode_t access_mode;
    int devices_max;                /* of an account, 0: any number */
    const char *access_notify;      /* who is told of new devices; NULL: nobody */
    const eas_policies_t *policies; /* NULL: none */
    const apr_table_t *facts;       /* of the server, for support; no credentials. NULL: none */
    const base_log_t *log;
    void (*metrics_write)(void *metrics, base_text_buffer_t *out); /* NULL: none */
    void *metrics;
    const admin_throttles_t *throttles; /* NULL: none */
} admin_service_t;

typedef struct {
    const char *method;       /* GET, HEAD, POST, ... */
    const char *path;         /* below the Location, as sent: still percent-encoded */
    const char *base;         /* the Location, percent-encoded, no '/' at its end */
    const char *query;        /* as sent, NULL: none */
    const char *accept;       /* NULL: not sent */
    const char *content_type; /* NULL: none */
    const char *confirmation; /* X-MobileSync-Admin, NULL: not sent */
    const char *body;
    apr_size_t body_length;
    const char *actor;  /* the authenticated user */
    const char *remote; /* his address */
    apr_time_t now;
} admin_request_t;

typedef struct {
    int status;
    const char *content_type;
    const char *body; /* lives in the pool */
    apr_size_t length;
    apr_table_t *headers;
} admin_response_t;

/* Always gives a response. */
admin_response_t *admin_handle(const admin_service_t *service, const admin_request_t *request,
                               apr_pool_t *pool);

#endif
