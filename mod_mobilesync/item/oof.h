/* Out of office: what a user set (MS-ASCMD 2.2.3.122), as text to be kept and as the mail that
 * answers. Who is answered follows RFC 3834 and RFC 5230. */
#ifndef ITEM_OOF_H
#define ITEM_OOF_H

#include <apr_pools.h>
#include <apr_time.h>

#include "backend/backend.h"
#include "base/fault.h"
#include "item/mime.h"

#define ITEM_OOF_SETTING "oof" /* its name among the backend's settings */
#define ITEM_OOF_MESSAGE_MAX (128 * 1024)

/* MS-ASCMD 2.2.3.124 */
typedef enum { ITEM_OOF_OFF = 0, ITEM_OOF_ON = 1, ITEM_OOF_TIMED = 2 } item_oof_state_t;

/* MS-ASCMD 2.2.3.123 */
typedef enum {
    ITEM_OOF_INTERNAL,
    ITEM_OOF_EXTERNAL_KNOWN,
    ITEM_OOF_EXTERNAL_UNKNOWN,
    ITEM_OOF_AUDIENCES
} item_oof_audience_t;

typedef struct {
    int enabled;
    int html;         /* else plain text */
    const char *text; /* UTF-8, "" when there is none */
} item_oof_message_t;

typedef struct {
    item_oof_state_t state;
    apr_time_t start, end; /* TIMED only */
    item_oof_message_t messages[ITEM_OOF_AUDIENCES];
} item_oof_t;

/* What is kept: a JSON object, so that a mail filter can use it too. NULL is what was never set:
 * off. CORRUPT when the text is something else. */
base_fault_t *item_oof_parse(const char *text, item_oof_t *oof, apr_pool_t *pool);
const char *item_oof_format(const item_oof_t *oof, apr_pool_t *pool);

int item_oof_active(const item_oof_t *oof, apr_time_t now);

/* The message as plain text or as HTML. */
const char *item_oof_message_text(const item_oof_message_t *message, int html, apr_pool_t *pool);

/* Who the sender is for whoever is away, by the domain: whether one from outside is known their contacts
 * say. */
item_oof_audience_t item_oof_audience(const backend_identity_t *away, const char *sender);

/* May this message be answered by a program on behalf of that identity? Not what a program sent
 * or a list distributed, nor what does not name the identity (RFC 3834 2, RFC 5230 4.5, 4.6). */
int item_oof_answerable(const item_mime_t *mime, const backend_identity_t *away, const char *sender,
                        apr_pool_t *pool);

/* The answer as MIME without From, Date and Message-ID: what item_compose() completes. */
const char *item_oof_compose(const item_oof_message_t *message, const item_mime_t *original,
                             const char *recipient, apr_pool_t *pool);

#endif
