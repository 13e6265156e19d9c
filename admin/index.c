/* The index of accounts, made anew from what there is: nothing but lists needs it, so that phones
 * go on when it is lost, and nobody notices until an administrator looks. */
#include "admin/action.h"

#define INDEX_ACTION "index.rebuild"

base_fault_t *admin_index_rebuild(admin_call_t *call)
{
    json_t *answer = admin_json_object(call->pool);
    const char *after = admin_parameter(call, "after");
    state_rebuild_t rebuild;
    admin_audit_t audit;
    base_fault_t *fault;
    int dry_run;

    BASE_TRY(admin_parameter_flag(call, "dry_run", &dry_run));
    admin_audit_init(call, INDEX_ACTION, &audit);
    if (!dry_run && !after)
        BASE_TRY(admin_audit_begin(call, &audit));
    fault = state_account_rebuild(call->service->store, after, !dry_run, &rebuild, call->pool);
    if (!dry_run && !after)
        admin_audit_end(call, &audit, fault);
    if (fault)
        return fault;
    admin_json_set(answer, "action", INDEX_ACTION, call->pool);
    json_object_set_new(answer, "dry_run", json_boolean(dry_run));
    json_object_set_new(answer, "accounts", json_integer(rebuild.accounts));
    json_object_set_new(answer, "missing", json_integer(rebuild.missing));
    admin_json_set(answer, "next", rebuild.next, call->pool);
    admin_answer(call, 200, answer);
    return NULL;
}
