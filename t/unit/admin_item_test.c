/* What administrators see of folders that are no mail: why a device has an item or not, and what is
 * quarantined. */
#include "cmd_item_helpers.h"

#include <jansson.h>

#include "admin/admin.h"

#define TODO(uid, more)                                                            \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VTODO\r\nUID:" uid \
    "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" uid "\r\n" more "END:VTODO\r\nEND:VCALENDAR\r\n"

static json_t *ask(phone_t *phone, const char *query)
{
    const admin_service_t service = {.store = phone->world->memory,
                                     .bus = phone->world->service.bus,
                                     .backend = backend_fail_inner(phone->world->service.backend),
                                     .node = "here"};
    const admin_request_t request = {.method = "GET",
                                     .path = "/accounts/alice/devices/D1/why",
                                     .query = query,
                                     .confirmation = "1",
                                     .actor = "root",
                                     .remote = "192.0.2.7",
                                     .now = phone->world->now};
    admin_response_t *response = admin_handle(&service, &request, phone->world->pool);
    json_t *json = json_loadb(response->body, response->length, 0, NULL);

    if (response->status != 200 || !json) {
        printf("Bail out! %d: %.*s\n", response->status, (int)response->length, response->body);
        exit(1);
    }
    return json;
}

static const char *text(const json_t *json, const char *name)
{
    const json_t *value = json_object_get(json, name);

    return json_is_null(value) ? "null" : json_string_value(value);
}

static const char *item_query(phone_t *phone, apr_uint64_t uid)
{
    return apr_pstrcat(phone->world->pool, "item=", id_of(phone, uid), NULL);
}

int main(void)
{
    static const struct {
        apr_uint64_t uid;
        const char *verdict, *date;
    } rows[] = {
        {1, "given", "null"}, {2, "filtered", "2026-01-01T00:00:00.000Z"}, {3, "waiting", "null"}};
    apr_pool_t *pool;
    phone_t *phone;
    json_t *json;
    size_t i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    item_child_init(pool);
    phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_TASKS);
    deliver(phone, TODO("open", ""));
    deliver(phone, TODO("done", "STATUS:COMPLETED\r\nCOMPLETED:20260101T000000Z\r\n"));
    phone->filter = "8";
    begin(phone);
    sync_folder(phone);
    deliver(phone, TODO("new", ""));
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        json = ask(phone, item_query(phone, rows[i].uid));
        is_str(text(json, "verdict"), rows[i].verdict, rows[i].verdict);
        is_str(text(json, "date"), rows[i].date, "until when it matters");
        is_str(text(json, "filter_from"), "null", "its filter is none of a date");
        json_decref(json);
    }
    json = ask(phone, apr_pstrcat(pool, "folder=", phone->folder, NULL));
    is_int(json_integer_value(json_object_get(json, "items")), 1, "what the device has");
    is_int((long long)json_array_size(json_object_get(json, "not_on_device")), 1,
           "and lacks, but for what it did not ask for");
    json_decref(json);

    phone = phone_make(pool, EAS_VERSION_14_1, BACKEND_CLASS_CONTACTS);
    deliver(phone, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:cut\r\nFN:Ann L");
    begin(phone);
    json = ask(phone, item_query(phone, 1));
    is_str(text(json, "verdict"), "quarantined", "a damaged contact");
    ok(text(json_object_get(json, "quarantined"), "reason") != NULL, "with the reason");
    json_decref(json);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
