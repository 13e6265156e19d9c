/* Accounts and devices: lists, and walks through all of them. */
#include "admin/devices.h"

#include "admin/action.h"
#include "admin/held.h"
#include "admin/parked.h"
#include "admin/snapshot.h"

#include <string.h>
#include <apr_strings.h>

#include "base/text.h"

#define DEVICES_EXAMINED_MAX 5000 /* in one page, whatever is taken of them */
#define DEVICES_CHUNK 200         /* read at a time */

static void devices_look_at(const state_glance_t *glance, admin_device_look_t *look,
                            apr_pool_t *pool)
{
    int i;

    *look = (admin_device_look_t){.account = glance->account,
                                  .device = glance->device,
                                  .record = glance->record,
                                  .last = admin_record_time(glance->record, "last", pool),
                                  .folders = glance->folders->nelts,
                                  .active = glance->hierarchy || glance->folders->nelts,
                                  .suspended = admin_is_suspended(glance->record),
                                  .wipe = admin_wipe_state(glance->record)};
    for (i = 0; i < glance->folders->nelts; i++)
        look->quarantined += admin_held_quarantine(glance->states[i], pool)->items->nelts;
}

/* Of some devices of an account, in a few round trips for all of them. */
static base_fault_t *devices_look(const admin_access_t *access, const char *account,
                                  const char *const *devices, int count, admin_device_look_t *looks,
                                  apr_pool_t *pool)
{
    state_glance_t *glances = apr_pcalloc(pool, (apr_size_t)count * sizeof *glances);
    int i;

    for (i = 0; i < count; i++)
        glances[i] = (state_glance_t){.account = account, .device = devices[i]};
    BASE_TRY(
        state_device_glance(access->service->store, glances, count, SYNC_QUARANTINE_FIELD, pool));
    for (i = 0; i < count; i++)
        devices_look_at(&glances[i], &looks[i], pool);
    return admin_access_look(access, looks, count, pool);
}

base_fault_t *admin_device_look(const admin_access_t *access, admin_device_look_t *look,
                                apr_pool_t *pool)
{
    return devices_look(access, look->account, &look->device, 1, look, pool);
}

/* -- rows ------------------------------------------------------------------- */

/* The devices of an answer; the names are as they are, whatever JSON makes of them. */
typedef struct {
    json_t *list;
    apr_array_header_t *names; /* const char *: account, device, account, device ... */
} devices_rows_t;

static void devices_rows_init(devices_rows_t *rows, json_t *answer, apr_pool_t *pool)
{
    rows->list = json_array();
    json_object_set_new(answer, "devices", rows->list);
    rows->names = apr_array_make(pool, 32, sizeof(const char *));
}

static void devices_rows_add(const devices_rows_t *rows, const admin_device_look_t *look,
                             apr_pool_t *pool)
{
    apr_pool_t *names = rows->names->pool;

    json_array_append_new(rows->list, admin_device_summary(look, pool));
    APR_ARRAY_PUSH(rows->names, const char *) = apr_pstrdup(names, look->account);
    APR_ARRAY_PUSH(rows->names, const char *) = apr_pstrdup(names, look->device);
}

/* Says of each device whether it waits; only: takes out those that do not. */
static base_fault_t *devices_rows_park(const admin_call_t *call, const devices_rows_t *rows,
                                       json_t *answer, int only)
{
    apr_array_header_t *accounts = apr_array_make(call->pool, 16, sizeof(const char *));
    const char *const *names = (const char *const *)rows->names->elts;
    admin_parked_t *parked;
    int count = rows->names->nelts / 2, i;

    for (i = 0; i < count; i++) /* an account's devices follow one another */
        if (!i || strcmp(names[2 * i], names[2 * i - 2]) != 0)
            APR_ARRAY_PUSH(accounts, const char *) = names[2 * i];
    BASE_TRY(admin_parked_read(call, accounts, &parked));
    json_object_set_new(answer, "parked_complete", json_boolean(admin_parked_is_complete(parked)));
    for (i = count - 1; i >= 0; i--) {
        json_t *json = admin_parked_json(parked, names[2 * i], names[2 * i + 1], call->pool);

        if (only && json_is_null(json))
            json_array_remove(rows->list, (size_t)i);
        else
            json_object_set_new(json_array_get(rows->list, (size_t)i), "parked", json);
    }
    return NULL;
}

/* -- accounts --------------------------------------------------------------- */

base_fault_t *admin_account_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    apr_array_header_t *accounts, *devices;
    const char *last = NULL;
    int limit, i;

    json_object_set_new(answer, "accounts", list);
    BASE_TRY(admin_parameter_limit(call, &limit));
    BASE_TRY(state_account_list(call->service->store, admin_parameter(call, "after"), limit,
                                &accounts, call->pool));
    for (i = 0; i < accounts->nelts; i++) {
        json_t *account;

        last = APR_ARRAY_IDX(accounts, i, const char *);
        BASE_TRY(state_device_list(call->service->store, last, &devices, call->pool));
        if (!devices->nelts) /* it had some */
            continue;
        account = json_object();
        admin_json_set(account, "account", last, call->pool);
        json_object_set_new(account, "devices", json_integer(devices->nelts));
        json_array_append_new(list, account);
    }
    admin_json_set(answer, "next", accounts->nelts == limit ? last : NULL, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}

base_fault_t *admin_account_show(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    const char *account = call->names[0];
    const admin_access_t *access;
    apr_array_header_t *devices;
    devices_rows_t rows;
    int i, found;

    BASE_TRY(admin_account_find(call, &devices, &found));
    if (!found)
        return NULL;
    BASE_TRY(admin_access_open(call->service, &access, call->pool));
    admin_json_set(answer, "account", account, call->pool);
    devices_rows_init(&rows, answer, call->pool);
    for (i = 0; i < devices->nelts; i++) {
        admin_device_look_t look = {.account = account,
                                    .device = APR_ARRAY_IDX(devices, i, const char *)};

        BASE_TRY(admin_device_look(access, &look, call->pool));
        devices_rows_add(&rows, &look, call->pool);
    }
    BASE_TRY(devices_rows_park(call, &rows, answer, 0));
    admin_answer(call, 200, answer);
    return NULL;
}

/* -- walks ------------------------------------------------------------------ */

/* Some devices of the account, from the first one on, until the page is full; then next says where it
 * ends. */
static base_fault_t *walk_chunk(admin_walk_t *walk, const char *account, const char *const *devices,
                                int count, apr_pool_t *pool)
{
    admin_device_look_t *looks = apr_pcalloc(pool, (apr_size_t)count * sizeof *looks);
    int i, taken;

    BASE_TRY(devices_look(walk->access, account, devices, count, looks, pool));
    for (i = 0; i < count && !walk->next; i++) {
        BASE_TRY(walk->visit(walk->baton, &looks[i], &taken, pool));
        walk->taken += taken;
        if (!walk->whole &&
            (walk->taken == walk->limit || ++walk->examined == DEVICES_EXAMINED_MAX))
            walk->next = apr_pstrcat(walk->call->pool, base_text_percent_encode(account, pool), "/",
                                     base_text_percent_encode(devices[i], pool), NULL);
    }
    return NULL;
}

/* The account's devices that follow `after` (NULL: all). */
static base_fault_t *walk_account(admin_walk_t *walk, const char *account, const char *after,
                                  apr_pool_t *pool)
{
    apr_array_header_t *devices;
    apr_pool_t *chunk;
    base_fault_t *fault = NULL;
    const char *const *names;
    int i = 0;

    BASE_TRY(state_device_list(walk->call->service->store, account, &devices, pool));
    names = (const char *const *)devices->elts;
    while (after && i < devices->nelts && strcmp(names[i], after) <= 0)
        i++;
    apr_pool_create(&chunk, pool);
    for (; i < devices->nelts && !walk->next && !fault; i += DEVICES_CHUNK) {
        int rest = devices->nelts - i;

        apr_pool_clear(chunk);
        fault = walk_chunk(walk, account, names + i, rest < DEVICES_CHUNK ? rest : DEVICES_CHUNK,
                           chunk);
    }
    fault = base_fault_wrap(fault, walk->call->pool, "account %s", account);
    apr_pool_destroy(chunk);
    return fault;
}

static base_fault_t *walk_start(admin_walk_t *walk, const char **account, const char **device)
{
    const char *after = walk->after ? walk->after : admin_parameter(walk->call, "after"), *slash;
    apr_pool_t *pool = walk->call->pool;

    *account = *device = NULL;
    if (!walk->access)
        BASE_TRY(admin_access_open(walk->call->service, &walk->access, pool));
    if (walk->whole)
        return NULL;
    BASE_TRY(admin_parameter_limit(walk->call, &walk->limit));
    if (!after || walk->from_start)
        return NULL;
    if (!(slash = strchr(after, '/')) ||
        !(*account = base_text_percent_decode(
              apr_pstrmemdup(pool, after, (apr_size_t)(slash - after)), pool)) ||
        !(*device = base_text_percent_decode(slash + 1, pool)))
        return base_fault_make(pool, BASE_FAULT_INVALID, "after must be a \"next\" of an answer");
    return NULL;
}

/* The accounts, the one that the last page ended in first. */
static base_fault_t *walk_accounts(admin_walk_t *walk, const char *after, const char *device,
                                   apr_pool_t *loop)
{
    apr_array_header_t *accounts;
    int i;

    if (after)
        BASE_TRY(walk_account(walk, after, device, loop));
    do {
        if (walk->next)
            break;
        BASE_TRY(state_account_list(walk->call->service->store, after, ADMIN_PAGE_DEFAULT,
                                    &accounts, walk->call->pool));
        for (i = 0; i < accounts->nelts && !walk->next; i++) {
            after = APR_ARRAY_IDX(accounts, i, const char *);
            apr_pool_clear(loop);
            BASE_TRY(walk_account(walk, after, NULL, loop));
        }
    } while (accounts->nelts == ADMIN_PAGE_DEFAULT);
    return NULL;
}

base_fault_t *admin_walk(admin_walk_t *walk, const char *account)
{
    const char *after, *device;
    apr_pool_t *loop;
    base_fault_t *fault;

    BASE_TRY(walk_start(walk, &after, &device));
    apr_pool_create(&loop, walk->call->pool);
    fault = account ? walk_account(walk, account, device, loop)
                    : walk_accounts(walk, after, device, loop);
    fault = base_fault_wrap(fault, walk->call->pool, "going through devices");
    apr_pool_destroy(loop);
    return fault;
}

/* -- devices of all accounts ------------------------------------------------ */

typedef struct {
    admin_call_t *call;
    devices_rows_t rows;
    apr_time_t seen_before, seen_after;
    sync_access_status_t access; /* NONE: any */
} devices_t;

static int devices_contain(const devices_t *devices, const char *name, const char *text,
                           apr_pool_t *pool)
{
    const char *part = admin_parameter(devices->call, name);

    return !part || (text && strstr(base_text_lower(text, pool), base_text_lower(part, pool)));
}

/* Whether every word of the search is in something that is known of the device. */
static int devices_found(const devices_t *devices, const admin_device_look_t *look,
                         apr_pool_t *pool)
{
    static const char *const fields[] = {"type",  "model", "name",   "os",
                                         "agent", "phone", "version"};
    const char *search = admin_parameter(devices->call, "search"), *text;
    char *last, *word;
    size_t i;

    if (!search)
        return 1;
    text = apr_pstrcat(pool, look->account, "\n", look->device, NULL);
    for (i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = state_record_text(look->record, fields[i], pool);

        if (value)
            text = apr_pstrcat(pool, text, "\n", value, NULL);
    }
    text = base_text_lower(text, pool);
    for (word = apr_strtok(apr_pstrdup(pool, base_text_lower(search, pool)), " ", &last); word;
         word = apr_strtok(NULL, " ", &last))
        if (!strstr(text, word))
            return 0;
    return 1;
}

static base_fault_t *devices_visit(void *baton, const admin_device_look_t *look, int *taken,
                                   apr_pool_t *pool)
{
    const devices_t *devices = baton;
    const char *state = admin_parameter(devices->call, "state");

    *taken =
        (!devices->access || look->access.status == devices->access) &&
        devices_contain(devices, "account", look->account, pool) &&
        devices_contain(devices, "device", look->device, pool) &&
        devices_contain(devices, "type", state_record_text(look->record, "type", pool), pool) &&
        devices_found(devices, look, pool) &&
        devices_contain(devices, "agent", state_record_text(look->record, "agent", pool), pool) &&
        (!state || strcmp(state, "parked") == 0 ||
         strcmp(state, look->active ? "active" : "empty") == 0 ||
         (strcmp(state, "suspended") == 0 && look->suspended) ||
         (strcmp(state, "wiping") == 0 && look->wipe == ADMIN_WIPE_PENDING) ||
         (strcmp(state, "wiped") == 0 && look->wipe == ADMIN_WIPE_DONE)) &&
        (!devices->seen_before || look->last < devices->seen_before) &&
        (!devices->seen_after || look->last >= devices->seen_after);
    if (*taken)
        devices_rows_add(&devices->rows, look, pool);
    return NULL;
}

base_fault_t *admin_device_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    devices_t devices = {.call = call};
    admin_walk_t walk = {.call = call, .visit = devices_visit, .baton = &devices};
    const char *state = admin_parameter(call, "state");

    devices_rows_init(&devices.rows, answer, call->pool);
    BASE_TRY(admin_parameter_status(call, "access", &devices.access));
    BASE_TRY(admin_parameter_time(call, "seen_before", &devices.seen_before));
    BASE_TRY(admin_parameter_time(call, "seen_after", &devices.seen_after));
    if (state && strcmp(state, "active") != 0 && strcmp(state, "empty") != 0 &&
        strcmp(state, "suspended") != 0 && strcmp(state, "wiping") != 0 &&
        strcmp(state, "wiped") != 0 && strcmp(state, "parked") != 0)
        return base_fault_make(call->pool, BASE_FAULT_INVALID,
                               "state must be active, empty, suspended, wiping, wiped or parked");
    BASE_TRY(admin_walk(&walk, NULL));
    BASE_TRY(devices_rows_park(call, &devices.rows, answer, state && strcmp(state, "parked") == 0));
    admin_json_set(answer, "next", walk.next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}
