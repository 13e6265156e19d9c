/* What the tests of meetings that are sent from phones share. */
#ifndef T_UNIT_FORWARD_HELPERS_H
#define T_UNIT_FORWARD_HELPERS_H

#include "send_helpers.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:m1\r\n"
#define TIMES                                                                            \
    "DTSTAMP:20231101T000000Z\r\nDTSTART:20231124T090000Z\r\nDTEND:20231124T100000Z\r\n" \
    "SUMMARY:Plan\r\nLOCATION:Attic\r\nDESCRIPTION:Bring tea.\r\n"
#define OWN "CATEGORIES:Secret\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
#define BY_BOB                                    \
    "ORGANIZER;CN=Bob:mailto:bob@example.com\r\n" \
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com\r\n"
#define BY_ALICE                             \
    "ORGANIZER:mailto:alice@example.com\r\n" \
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com\r\n"
#define WEEKLY "RRULE:FREQ=WEEKLY;COUNT=4\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define INSTANCE "2023-12-01T09:00:00.000Z"

__attribute__((unused)) static world_t *meeting_world(apr_pool_t *pool)
{
    world_t *world = world_create(pool);

    world->service.meetings = 1;
    return world;
}

/* Puts an event into the calendar of an account; its ServerId. */
__attribute__((unused)) static const char *put(world_t *world, const char *account,
                                               const char *event)
{
    backend_t *backend = backend_fail_inner(world->service.backend);
    const char *folder = backend_memory_folder(backend, account, BACKEND_ROLE_DEFAULT);

    return server_id(world, account, BACKEND_ROLE_DEFAULT,
                     backend_memory_deliver(backend, account, folder, event, 0, 0));
}

/* SmartForward of alice's with a message. */
__attribute__((unused)) static answer_t forward(world_t *world, eas_version_t version,
                                                const char *id, const char *instance, int replace,
                                                const char *mime)
{
    eas_request_t *made = request(world->pool, EAS_COMMAND_SmartForward, version);
    eas_node_t *body, *source;

    if (version < EAS_VERSION_14_0) {
        made->item_id = id;
        made->occurrence = instance;
        return run(world, "alice", made, NULL, backend_blob_of(mime, strlen(mime), world->pool));
    }
    body = compose_body(world, EAS_ComposeMail_SmartForward, "c1", mime);
    source = node(world->pool, body, EAS_ComposeMail_Source, NULL);
    node(world->pool, source, EAS_ComposeMail_ItemId, id);
    if (instance)
        node(world->pool, source, EAS_ComposeMail_InstanceId, instance);
    if (replace)
        node(world->pool, body, EAS_ComposeMail_ReplaceMime, NULL);
    return run(world, "alice", made, body, NULL);
}

__attribute__((unused)) static const char *unfolded(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text), *fold;

    while ((fold = strstr(copy, "\r\n ")))
        memmove(fold, fold + 3, strlen(fold + 3) + 1);
    return copy;
}

__attribute__((unused)) static const char *only_event(world_t *world, const char *account)
{
    return unfolded(only(world, account, BACKEND_ROLE_DEFAULT), world->pool);
}

__attribute__((unused)) static int has(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

#endif
