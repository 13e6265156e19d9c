/* What a collection's directory says of it: the vdir standard's file displayname, and where Radicale
 * keeps its store in the same form .Radicale.props (JSON), since it would take displayname for an item. */
#include "backend/local_vdir.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <jansson.h>

#include "backend/local_fs.h"
#include "base/text.h"

#define COLLECTION_NAME_FILE "displayname"
#define COLLECTION_NAME_MAX 1024
#define COLLECTION_RADICALE_FILE ".Radicale.props"
#define COLLECTION_RADICALE_MAX 65536
#define COLLECTION_COMPONENTS "C:supported-calendar-component-set"

static const struct {
    backend_class_t class_;
    const char *tag, *components;
} collection_radicale[] = {
    {BACKEND_CLASS_CONTACTS, "VADDRESSBOOK", NULL},
    /* the first of the components that is there: of a calendar of all kinds it
                            * is the calendar, and the others turn up with their files */
    {BACKEND_CLASS_CALENDAR, "VCALENDAR", "VEVENT"},
    {BACKEND_CLASS_TASKS, "VCALENDAR", "VTODO"},
    {BACKEND_CLASS_NOTES, "VCALENDAR", "VJOURNAL"}};

/* Words in the names that programs and users give. */
static const struct {
    const char *word;
    backend_class_t class_;
} collection_words[] = {{"contact", BACKEND_CLASS_CONTACTS}, {"kontakt", BACKEND_CLASS_CONTACTS},
                        {"address", BACKEND_CLASS_CONTACTS}, {"adress", BACKEND_CLASS_CONTACTS},
                        {"card", BACKEND_CLASS_CONTACTS},    {"people", BACKEND_CLASS_CONTACTS},
                        {"task", BACKEND_CLASS_TASKS},       {"todo", BACKEND_CLASS_TASKS},
                        {"aufgabe", BACKEND_CLASS_TASKS},    {"note", BACKEND_CLASS_NOTES},
                        {"notiz", BACKEND_CLASS_NOTES},      {"journal", BACKEND_CLASS_NOTES}};

int local_collection_is_file(const char *name)
{
    return strcmp(name, COLLECTION_NAME_FILE) == 0 || strcmp(name, COLLECTION_RADICALE_FILE) == 0;
}

static apr_status_t collection_json_free(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* NULL: there is no such file, or none that can be understood. */
static json_t *collection_json(int directory, apr_pool_t *pool)
{
    const char *text;
    json_t *json;

    if (local_file_read(directory, COLLECTION_RADICALE_FILE, COLLECTION_RADICALE_MAX, &text,
                        pool) ||
        !text)
        return NULL;
    json = json_loads(text, 0, NULL);
    if (json)
        apr_pool_cleanup_register(pool, json, collection_json_free, apr_pool_cleanup_null);
    return json_is_object(json) ? json : NULL;
}

static backend_class_t collection_radicale_class(json_t *json)
{
    const char *tag = json_string_value(json_object_get(json, "tag"));
    const char *components = json_string_value(json_object_get(json, COLLECTION_COMPONENTS));
    size_t i;

    for (i = 0; tag && i < sizeof collection_radicale / sizeof *collection_radicale; i++)
        if (strcmp(tag, collection_radicale[i].tag) == 0 &&
            (!components || !collection_radicale[i].components ||
             strstr(components, collection_radicale[i].components)))
            return collection_radicale[i].class_;
    return BACKEND_CLASS_EMAIL;
}

/* One line without blanks around it; NULL when nothing is left. */
static const char *collection_name_clean(const char *text, apr_pool_t *pool)
{
    char *name, *end;

    if (!text)
        return NULL;
    name = apr_pstrdup(pool, base_text_line(text, strlen(text), pool));
    end = name + strlen(name);
    while (end > name && isspace((unsigned char)end[-1]))
        *--end = '\0';
    while (isspace((unsigned char)*name))
        name++;
    end = name + base_text_utf8_floor(name, strlen(name), 255);
    *end = '\0';
    return *name ? name : NULL;
}

void local_collection_read(int directory, local_collection_t *collection, apr_pool_t *pool)
{
    json_t *json = collection_json(directory, pool);
    const char *text;

    memset(collection, 0, sizeof *collection);
    if (json) {
        collection->radicale = 1;
        collection->radicale_class = collection_radicale_class(json);
        collection->name =
            collection_name_clean(json_string_value(json_object_get(json, "D:displayname")), pool);
        return;
    }
    if (!local_file_read(directory, COLLECTION_NAME_FILE, COLLECTION_NAME_MAX, &text, pool))
        collection->name = collection_name_clean(text, pool);
}

static int collection_radicale_write(int directory, const char *name, backend_class_t class_,
                                     apr_pool_t *pool)
{
    json_t *json = collection_json(directory, pool);
    size_t i;
    char *text;
    int result;

    if (!json) {
        json = json_object();
        apr_pool_cleanup_register(pool, json, collection_json_free, apr_pool_cleanup_null);
        for (i = 0; i < sizeof collection_radicale / sizeof *collection_radicale; i++)
            if (collection_radicale[i].class_ == class_) {
                json_object_set_new(json, "tag", json_string(collection_radicale[i].tag));
                if (collection_radicale[i].components)
                    json_object_set_new(json, COLLECTION_COMPONENTS,
                                        json_string(collection_radicale[i].components));
            }
    }
    json_object_set_new(json, "D:displayname", json_string(name));
    text = json_dumps(json, JSON_SORT_KEYS);
    if (!text)
        abort(); /* out of memory: the texts are UTF-8 */
    result = local_file_replace(directory, COLLECTION_RADICALE_FILE, text, strlen(text));
    free(text);
    return result;
}

int local_collection_name_set(int directory, const char *name, backend_class_t class_, int radicale,
                              apr_pool_t *pool)
{
    if (radicale || collection_json(directory, pool))
        return collection_radicale_write(directory, name, class_, pool);
    return local_file_replace(directory, COLLECTION_NAME_FILE, name, strlen(name));
}

backend_class_t local_collection_guess(const char *name, apr_pool_t *pool)
{
    const char *lower = base_text_lower(name, pool);
    size_t i;

    for (i = 0; i < sizeof collection_words / sizeof *collection_words; i++)
        if (strstr(lower, collection_words[i].word))
            return collection_words[i].class_;
    return BACKEND_CLASS_CALENDAR;
}
