/* What the files of admin/ share: a call being answered, its parameters, its JSON. */
#ifndef ADMIN_CALL_H
#define ADMIN_CALL_H

#include <jansson.h>

#include "admin/admin.h"

#define ADMIN_NAMES_MAX 3 /* in a path */
#define ADMIN_PAGE_DEFAULT 100
#define ADMIN_PAGE_MAX 1000

typedef struct {
    const admin_service_t *service;
    const admin_request_t *request;
    admin_response_t *response;
    const char *names[ADMIN_NAMES_MAX]; /* of the path, decoded: ACCOUNT, DEVICE, FOLDER or ID */
    apr_table_t *parameters;
    apr_pool_t *pool;
} admin_call_t;

/* A route's work: answers, or returns a fault that becomes a problem. */
typedef base_fault_t *(*admin_run_fn)(admin_call_t *call);

/* -- json.c -- */

/* A new object that ends with the pool. What is added to it is its own. */
json_t *admin_json_object(apr_pool_t *pool);
/* Text of any bytes: what is not UTF-8 is replaced. NULL gives null. */
json_t *admin_json_text(const char *text, apr_pool_t *pool);
/* "2026-11-23T08:06:46.000Z"; 0 gives null, as does APR_INT64_MAX, for ever. */
json_t *admin_json_time(apr_time_t when, apr_pool_t *pool);
json_t *admin_json_names(const apr_array_header_t *names, apr_pool_t *pool);
void admin_json_set(json_t *object, const char *name, const char *text, apr_pool_t *pool);

/* The answer is this object. */
void admin_answer(admin_call_t *call, int status, const json_t *object);
/* The answer is a problem; extra (may be NULL) has further members. */
void admin_answer_problem(admin_call_t *call, int status, const char *detail, json_t *extra);
void admin_answer_fault(admin_call_t *call, const base_fault_t *fault);

/* -- admin.c: parameters. INVALID names the one that is wrong. -- */

const char *admin_parameter(const admin_call_t *call, const char *name);
base_fault_t *admin_parameter_flag(const admin_call_t *call, const char *name, int *flag);
base_fault_t *admin_parameter_limit(const admin_call_t *call, int *limit);
base_fault_t *admin_parameter_time(const admin_call_t *call, const char *name, apr_time_t *when);

/* -- page.c -- */

/* Is it a browser that somebody looks at? */
int admin_page_is_wanted(const admin_call_t *call);
base_fault_t *admin_page_redirect(admin_call_t *call);

/* -- routes -- */

base_fault_t *admin_root_show(admin_call_t *call);
base_fault_t *admin_page_show(admin_call_t *call);
base_fault_t *admin_page_file(admin_call_t *call);
base_fault_t *admin_account_list(admin_call_t *call);
base_fault_t *admin_account_show(admin_call_t *call);
base_fault_t *admin_device_list(admin_call_t *call);
base_fault_t *admin_device_show(admin_call_t *call);
base_fault_t *admin_exchange_list(admin_call_t *call);
base_fault_t *admin_why_show(admin_call_t *call);
base_fault_t *admin_account_reset(admin_call_t *call);
base_fault_t *admin_device_reset(admin_call_t *call);
base_fault_t *admin_folder_reset(admin_call_t *call);
base_fault_t *admin_folder_approve(admin_call_t *call);
base_fault_t *admin_folder_reject(admin_call_t *call);
base_fault_t *admin_device_remove(admin_call_t *call);
base_fault_t *admin_device_suspend(admin_call_t *call);
base_fault_t *admin_device_resume(admin_call_t *call);
base_fault_t *admin_device_wipe(admin_call_t *call);
base_fault_t *admin_device_wipe_cancel(admin_call_t *call);
base_fault_t *admin_device_release(admin_call_t *call);
base_fault_t *admin_policy_list(admin_call_t *call);
base_fault_t *admin_device_provision(admin_call_t *call);
base_fault_t *admin_purge_account(admin_call_t *call);
base_fault_t *admin_purge_all(admin_call_t *call);
base_fault_t *admin_profile_set(admin_call_t *call);
base_fault_t *admin_profile_clear(admin_call_t *call);
base_fault_t *admin_device_retry(admin_call_t *call);
base_fault_t *admin_index_rebuild(admin_call_t *call);
base_fault_t *admin_undo_list(admin_call_t *call);
base_fault_t *admin_undo_run(admin_call_t *call);
base_fault_t *admin_trace_start(admin_call_t *call);
base_fault_t *admin_trace_stop(admin_call_t *call);
base_fault_t *admin_trace_show(admin_call_t *call);
base_fault_t *admin_bundle_show(admin_call_t *call);
base_fault_t *admin_throttle_list(admin_call_t *call);
base_fault_t *admin_throttle_release(admin_call_t *call);
base_fault_t *admin_throttle_release_all(admin_call_t *call);
base_fault_t *admin_access_show(admin_call_t *call);
base_fault_t *admin_access_list(admin_call_t *call);
base_fault_t *admin_access_set(admin_call_t *call);
base_fault_t *admin_access_forget(admin_call_t *call);
base_fault_t *admin_access_import(admin_call_t *call);
base_fault_t *admin_access_adopt(admin_call_t *call);
base_fault_t *admin_rule_list(admin_call_t *call);
base_fault_t *admin_rule_set(admin_call_t *call);
base_fault_t *admin_rule_delete(admin_call_t *call);
base_fault_t *admin_parked_show(admin_call_t *call);
base_fault_t *admin_metrics_show(admin_call_t *call);
base_fault_t *admin_audit_list(admin_call_t *call);

#endif
