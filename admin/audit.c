#include "admin/action.h"

#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>

#define AUDIT_EXAMINED_MAX 20000 /* entries in one page, whatever the filters leave */
#define AUDIT_READ 500

/* -- writing ---------------------------------------------------------------- */

void admin_audit_add(admin_audit_t *audit, const char *name, const char *value)
{
    if (value && audit->count < ADMIN_AUDIT_FIELDS_MAX)
        audit->fields[audit->count++] = (state_audit_field_t){.name = name, .value = value};
}

void admin_audit_add_number(const admin_call_t *call, admin_audit_t *audit, const char *name,
                            apr_uint64_t number)
{
    admin_audit_add(audit, name, apr_psprintf(call->pool, "%" APR_UINT64_T_FMT, number));
}

void admin_audit_init(const admin_call_t *call, const char *action, admin_audit_t *audit)
{
    audit->count = 0;
    admin_audit_add(audit, "actor", call->request->actor);
    admin_audit_add(audit, "remote", call->request->remote);
    admin_audit_add(audit, "action", action);
}

base_fault_t *admin_audit_begin(const admin_call_t *call, admin_audit_t *audit)
{
    return base_fault_wrap(state_audit_begin(call->service->store, audit->fields, audit->count,
                                             &audit->id, call->pool),
                           call->pool, "nothing was done, as the audit cannot be written");
}

void admin_audit_end(const admin_call_t *call, admin_audit_t *audit, const base_fault_t *fault)
{
    /* an answer that was lost leaves it open */
    const char *outcome = !fault                                  ? "done"
                          : fault->code == BASE_FAULT_UNAVAILABLE ? "unknown"
                                                                  : "failed";
    base_fault_t *trouble;

    admin_audit_add(audit, "outcome", outcome);
    admin_audit_add(audit, "reason", fault ? fault->message : NULL);
    trouble =
        state_audit_end(call->service->store, audit->id, audit->fields, audit->count, call->pool);
    if (trouble)
        base_log_write(call->service->log, BASE_LOG_WARNING,
                       "admin: audit entry %s stays without its outcome (%s): %s", audit->id,
                       outcome, trouble->message);
}

/* -- reading ---------------------------------------------------------------- */

static int audit_is_number(const char *name)
{
    return strcmp(name, "devices") == 0 || strcmp(name, "folders") == 0 ||
           strcmp(name, "items") == 0;
}

/* "begun": the deed may have been done; whoever did it died, or is at it. */
static json_t *audit_json(const state_audit_entry_t *entry, apr_pool_t *pool)
{
    json_t *json = json_object();
    int i;

    admin_json_set(json, "id", entry->id, pool);
    json_object_set_new(json, "time", admin_json_time(entry->when, pool));
    json_object_set_new(json, "outcome", json_string("begun"));
    for (i = 0; i < entry->count; i++) {
        const state_audit_field_t *field = &entry->fields[i];

        if (audit_is_number(field->name))
            json_object_set_new(json, field->name,
                                json_integer((json_int_t)apr_atoi64(field->value)));
        else
            admin_json_set(json, field->name, field->value, pool);
    }
    return json;
}

static int audit_wants(const admin_call_t *call, const state_audit_entry_t *entry)
{
    static const char *const filters[] = {"account", "device", "actor", "action"};
    size_t i;

    for (i = 0; i < sizeof filters / sizeof *filters; i++) {
        const char *wanted = admin_parameter(call, filters[i]);
        const char *value = state_audit_field(entry, filters[i]);

        if (wanted && (!value || strcmp(value, wanted) != 0))
            return 0;
    }
    return 1;
}

base_fault_t *admin_audit_list(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool), *list = json_array();
    const char *before = admin_parameter(call, "before"), *next = NULL;
    apr_array_header_t *entries;
    int limit, i, examined = 0;

    json_object_set_new(answer, "entries", list);
    BASE_TRY(admin_parameter_limit(call, &limit));
    do {
        BASE_TRY(state_audit_list(call->service->store, before, AUDIT_READ, &entries, call->pool));
        for (i = 0; i < entries->nelts && !next; i++) {
            const state_audit_entry_t *entry = APR_ARRAY_IDX(entries, i, state_audit_entry_t *);

            before = entry->id;
            if (audit_wants(call, entry))
                json_array_append_new(list, audit_json(entry, call->pool));
            if ((int)json_array_size(list) == limit || ++examined == AUDIT_EXAMINED_MAX)
                next = entry->id;
        }
    } while (entries->nelts == AUDIT_READ && !next);
    admin_json_set(answer, "next", next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}
