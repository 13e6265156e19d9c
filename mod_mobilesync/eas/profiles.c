/* The file of client profiles, and which of them a client has. */
#include "eas/profile.h"

#include <jansson.h>
#include <string.h>
#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/file.h"

#define PROFILES_VERSION 1
#define PROFILES_INTERVAL apr_time_from_sec(1) /* between looks at the file */

typedef struct {
    const char *type, *agent; /* patterns; NULL: any */
    eas_profile_t profile;
} profiles_entry_t;

struct eas_profiles {
    const char *path;
    const base_log_t *log;
    apr_thread_mutex_t *lock; /* of all that follows */
    apr_pool_t *pool;         /* with an allocator of its own */
    apr_pool_t *content;      /* of the entries; NULL: there are none */
    apr_array_header_t *entries;
    apr_finfo_t info; /* of the file as it was read */
    apr_time_t looked;
};

/* -- reading --------------------------------------------------------------------------------- */

static base_fault_t *profiles_property(json_t *value, const char *where, int i,
                                       profiles_entry_t *entry, apr_pool_t *pool)
{
    const char *text = json_is_integer(value) ? apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                                             (apr_int64_t)json_integer_value(value))
                                              : json_string_value(value);
    eas_profile_property_t property = (eas_profile_property_t)i;

    if (!text)
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s: %s is neither number nor string",
                               where, eas_profile_name(property));
    return base_fault_wrap(
        eas_profile_value(property, text, &entry->profile.values[property], pool), pool, "%s",
        where);
}

static base_fault_t *profiles_member(const char *name, json_t *value, const char *where,
                                     profiles_entry_t *entry, apr_pool_t *pool)
{
    const char *because;
    const struct {
        const char *name, **text;
    } texts[] = {{"name", &entry->profile.client},
                 {"type", &entry->type},
                 {"agent", &entry->agent},
                 {"because", &because}};
    size_t i;
    int k;

    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            if (!json_is_string(value))
                return base_fault_make(pool, BASE_FAULT_INVALID, "%s: %s is no string", where,
                                       name);
            *texts[i].text = apr_pstrdup(pool, json_string_value(value));
            return NULL;
        }
    for (k = 0; k < EAS_PROFILE_COUNT_; k++)
        if (strcmp(name, eas_profile_name((eas_profile_property_t)k)) == 0)
            return profiles_property(value, where, k, entry, pool);
    return base_fault_make(pool, BASE_FAULT_INVALID, "%s: \"%s\" is not known", where, name);
}

static base_fault_t *profiles_client(json_t *client, size_t index, profiles_entry_t *entry,
                                     apr_pool_t *pool)
{
    const char *where = apr_psprintf(pool, "client %d", (int)index + 1), *name;
    json_t *value;

    if (!json_is_object(client))
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s is no object", where);
    json_object_foreach(client, name, value)
        BASE_TRY(profiles_member(name, value, where, entry, pool));
    if (!entry->profile.client || (!entry->type && !entry->agent))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "%s needs a name, and a type or an agent that it is known by",
                               where);
    return NULL;
}

static base_fault_t *profiles_parse(json_t *document, apr_array_header_t *entries, apr_pool_t *pool)
{
    json_t *clients = json_object_get(document, "clients"), *client;
    size_t i;

    if (json_integer_value(json_object_get(document, "version")) != PROFILES_VERSION ||
        !json_is_array(clients))
        return base_fault_make(pool, BASE_FAULT_INVALID,
                               "there must be \"version\": %d, and a list of \"clients\"",
                               PROFILES_VERSION);
    json_array_foreach(clients, i, client)
    {
        profiles_entry_t entry = {0};

        BASE_TRY(profiles_client(client, i, &entry, pool));
        APR_ARRAY_PUSH(entries, profiles_entry_t) = entry;
    }
    return NULL;
}

static apr_status_t profiles_json_free(void *document)
{
    json_decref(document);
    return APR_SUCCESS;
}

static base_fault_t *profiles_read(const char *path, apr_array_header_t **entries, apr_pool_t *pool)
{
    json_error_t error;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

    if (!document)
        return base_fault_make(pool, BASE_FAULT_INVALID, "%s, line %d: %s", path, error.line,
                               error.text);
    apr_pool_cleanup_register(pool, document, profiles_json_free, apr_pool_cleanup_null);
    *entries = apr_array_make(pool, 8, sizeof(profiles_entry_t));
    return base_fault_wrap(profiles_parse(document, *entries, pool), pool, "%s", path);
}

base_fault_t *eas_profiles_check(const char *path, apr_pool_t *pool)
{
    apr_array_header_t *entries;

    return profiles_read(path, &entries, pool);
}

base_fault_t *eas_profiles_create(const char *path, const base_log_t *log,
                                  eas_profiles_t **profiles, apr_pool_t *pool)
{
    eas_profiles_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t status;

    *profiles = NULL;
    if (!path)
        return NULL;
    made->path = path;
    made->log = log;
    BASE_TRY(base_pool_create(&made->pool, pool));
    status = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return base_fault_make_status(pool, BASE_FAULT_INTERNAL, status, "making a mutex");
    *profiles = made;
    return NULL;
}

/* -- finding --------------------------------------------------------------------------------- */

static void profiles_refresh(eas_profiles_t *profiles, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_array_header_t *entries;
    apr_finfo_t info;
    apr_pool_t *content;
    base_fault_t *fault;

    if (now - profiles->looked < PROFILES_INTERVAL && now >= profiles->looked)
        return;
    profiles->looked = now;
    if (!base_file_changed(profiles->path, &profiles->info, &info, pool))
        return;
    profiles->info = info;
    apr_pool_create(&content, profiles->pool);
    if ((fault = profiles_read(profiles->path, &entries, content))) {
        base_log_write(profiles->log, BASE_LOG_WARNING,
                       "client profiles: %s; what was read before stays in force", fault->message);
        apr_pool_destroy(content);
        return;
    }
    if (profiles->content)
        apr_pool_destroy(profiles->content);
    profiles->content = content;
    profiles->entries = entries;
}

static int profiles_match(const char *pattern, const char *text)
{
    return !pattern || (text && apr_fnmatch(pattern, text, APR_FNM_CASE_BLIND) == APR_SUCCESS);
}

void eas_profiles_find(eas_profiles_t *profiles, const char *type, const char *agent,
                       eas_profile_t *profile, apr_pool_t *pool)
{
    int i;

    memset(profile, 0, sizeof *profile);
    if (!profiles)
        return;
    apr_thread_mutex_lock(profiles->lock);
    profiles_refresh(profiles, pool);
    for (i = 0; profiles->content && i < profiles->entries->nelts; i++) {
        const profiles_entry_t *entry = &APR_ARRAY_IDX(profiles->entries, i, profiles_entry_t);

        if (!profiles_match(entry->type, type) || !profiles_match(entry->agent, agent))
            continue;
        *profile = entry->profile;
        profile->client = apr_pstrdup(pool, entry->profile.client); /* the file may change */
        break;
    }
    apr_thread_mutex_unlock(profiles->lock);
}
