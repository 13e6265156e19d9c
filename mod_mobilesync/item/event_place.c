/* Location: LOCATION, which all programs know, and X-MICROSOFT-LOCATIONS, which has the address and the
 * position of the same place (JSON as Exchange writes it) and GEO. The details count as long as their
 * name is that of LOCATION: another program may have changed that alone. */
#include "item/event_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <jansson.h>

#include "base/text.h"

#define EVENT_PLACE "X-MICROSOFT-LOCATIONS"
#define EVENT_PLACE_MAX 65536 /* bytes */

enum { PLACE_TEXT, PLACE_NUMBER };

/* MS-ASAIRS 2.2.2.28, in the order of the schema; the name is LOCATION's */
static const struct {
    eas_tag_t tag;
    const char *key;
    int kind;
} place_parts[] = {{EAS_AirSyncBase_Annotation, "LocationAnnotation", PLACE_TEXT},
                   {EAS_AirSyncBase_Street, "LocationStreet", PLACE_TEXT},
                   {EAS_AirSyncBase_City, "LocationCity", PLACE_TEXT},
                   {EAS_AirSyncBase_State, "LocationState", PLACE_TEXT},
                   {EAS_AirSyncBase_Country, "LocationCountry", PLACE_TEXT},
                   {EAS_AirSyncBase_PostalCode, "LocationPostalCode", PLACE_TEXT},
                   {EAS_AirSyncBase_Latitude, "Latitude", PLACE_NUMBER},
                   {EAS_AirSyncBase_Longitude, "Longitude", PLACE_NUMBER},
                   {EAS_AirSyncBase_Accuracy, "Accuracy", PLACE_NUMBER},
                   {EAS_AirSyncBase_Altitude, "Altitude", PLACE_NUMBER},
                   {EAS_AirSyncBase_AltitudeAccuracy, "AltitudeAccuracy", PLACE_NUMBER},
                   {EAS_AirSyncBase_LocationUri, "LocationUri", PLACE_TEXT}};

#define PLACE_PARTS (sizeof place_parts / sizeof *place_parts)
enum { PLACE_LATITUDE = 6, PLACE_LONGITUDE = 7 };

typedef struct {
    const char *name;               /* "" when there is none */
    const char *parts[PLACE_PARTS]; /* NULL: not there */
} event_place_t;

/* -- reading ---------------------------------------------------------------------------------- */

static const char *place_name(item_component_t *event, apr_pool_t *pool)
{
    const char *text = item_component_text(event, "LOCATION");

    return text ? base_text_line(text, strlen(text), pool) : "";
}

/* As xs:double has it; NULL when it is none. */
static const char *place_number(const char *text, apr_pool_t *pool)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end || !isfinite(number) || fabs(number) > 1e9)
        return NULL;
    return apr_psprintf(pool, "%.10g", number);
}

static apr_status_t place_release(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* What Exchange wrote of the place; NULL when there is nothing, or of another one. */
static json_t *place_json(item_component_t *event, const char *name, apr_pool_t *pool)
{
    item_property_t *property = item_property_first(event, EVENT_PLACE);
    const char *text = property ? item_property_text(property) : NULL, *own;
    json_t *list, *first;

    if (!text || strlen(text) > EVENT_PLACE_MAX)
        return NULL;
    list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!list)
        return NULL;
    apr_pool_cleanup_register(pool, list, place_release, apr_pool_cleanup_null);
    first = json_is_array(list) ? json_array_get(list, 0) : list;
    own = json_string_value(json_object_get(first, "DisplayName"));
    return json_is_object(first) && (!own || strcmp(own, name) == 0) ? first : NULL;
}

static void place_read_geo(item_component_t *event, event_place_t *place, apr_pool_t *pool)
{
    item_property_t *geo = item_property_first(event, "GEO");
    const char *latitude, *longitude;

    if (!geo || place->parts[PLACE_LATITUDE] || place->parts[PLACE_LONGITUDE])
        return;
    latitude = place_number(item_property_component(geo, 0), pool);
    longitude = place_number(item_property_component(geo, 1), pool);
    if (latitude && longitude) {
        place->parts[PLACE_LATITUDE] = latitude;
        place->parts[PLACE_LONGITUDE] = longitude;
    }
}

static void place_read(item_component_t *event, event_place_t *place, apr_pool_t *pool)
{
    json_t *json;
    size_t i;

    memset(place, 0, sizeof *place);
    place->name = place_name(event, pool);
    json = place_json(event, place->name, pool);
    for (i = 0; json && i < PLACE_PARTS; i++) {
        const json_t *part = json_object_get(json, place_parts[i].key);

        if (place_parts[i].kind == PLACE_NUMBER && json_is_number(part))
            place->parts[i] =
                place_number(apr_psprintf(pool, "%.10g", json_number_value(part)), pool);
        else if (place_parts[i].kind == PLACE_TEXT && json_is_string(part) &&
                 *json_string_value(part))
            place->parts[i] =
                base_text_line(json_string_value(part), json_string_length(part), pool);
    }
    place_read_geo(event, place, pool);
}

static const char *place_text(const event_place_t *place, apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    size_t i;
    int any = *place->name != '\0';

    base_text_buffer_puts(&text, place->name);
    for (i = 0; i < PLACE_PARTS; i++) {
        base_text_buffer_printf(&text, "\n%s", place->parts[i] ? place->parts[i] : "");
        any |= place->parts[i] != NULL;
    }
    return any ? text.data : NULL;
}

static void place_write(const item_event_value_t *value, eas_version_t version,
                        eas_writer_t *writer, apr_pool_t *pool)
{
    const event_place_t *place = value->object;
    size_t i;

    (void)version;
    (void)pool;
    eas_writer_start(writer, EAS_AirSyncBase_Location);
    if (*place->name)
        eas_writer_text(writer, EAS_AirSyncBase_DisplayName, place->name);
    for (i = 0; i < PLACE_PARTS; i++)
        if (place->parts[i])
            eas_writer_text(writer, place_parts[i].tag, place->parts[i]);
    eas_writer_end(writer);
}

base_fault_t *item_event_load_place(const item_event_view_t *view, item_event_value_t *value)
{
    event_place_t *place = apr_palloc(view->pool, sizeof *place);

    place_read(view->event, place, view->pool);
    value->text = place_text(place, view->pool);
    value->object = place;
    value->write = place_write;
    return NULL;
}

base_fault_t *item_event_load_location(const item_event_view_t *view, item_event_value_t *value)
{
    const char *name = place_name(view->event, view->pool);

    value->text = *name ? name : NULL;
    return NULL;
}

/* -- edits ------------------------------------------------------------------------------------ */

/* Another place: the details of the old one are not its own. */
static void place_set_name(item_event_edit_t *edit, const char *name)
{
    if (strcmp(place_name(edit->event, edit->pool), name) == 0)
        return;
    item_component_set_text(edit->event, "LOCATION", *name ? name : NULL);
    item_component_set_text(edit->event, EVENT_PLACE, NULL);
    item_component_set_text(edit->event, "GEO", NULL);
    item_component_set_text(edit->event, "X-APPLE-STRUCTURED-LOCATION", NULL);
}

base_fault_t *item_event_store_location(item_event_edit_t *edit, const eas_node_t *node)
{
    place_set_name(edit, node ? item_event_line(node, edit->pool) : "");
    return NULL;
}

static base_fault_t *place_parse(const item_event_edit_t *edit, const eas_node_t *node,
                                 event_place_t *place)
{
    const eas_node_t *name = eas_node_child(node, EAS_AirSyncBase_DisplayName);
    size_t i;

    memset(place, 0, sizeof *place);
    place->name = name ? item_event_line(name, edit->pool) : "";
    for (i = 0; i < PLACE_PARTS; i++) {
        const eas_node_t *child = eas_node_child(node, place_parts[i].tag);
        const char *text = child ? item_event_line(child, edit->pool) : "";

        if (!*text)
            continue;
        place->parts[i] =
            place_parts[i].kind == PLACE_NUMBER ? place_number(text, edit->pool) : text;
        if (!place->parts[i])
            return item_event_invalid(edit, "a Location that is nowhere");
    }
    return NULL;
}

/* What else stands in the JSON stays. */
static const char *place_details(item_event_edit_t *edit, const event_place_t *place)
{
    json_t *old = place_json(edit->event, place->name, edit->pool);
    json_t *json = old ? json_deep_copy(old) : json_object(), *list = json_array();
    const char *text = NULL;
    char *dump;
    size_t i;
    int any = 0;

    json_object_set_new(json, "DisplayName", json_string(place->name));
    for (i = 0; i < PLACE_PARTS; i++) {
        if (!place->parts[i]) {
            json_object_del(json, place_parts[i].key);
            continue;
        }
        any = 1;
        json_object_set_new(json, place_parts[i].key,
                            place_parts[i].kind == PLACE_NUMBER
                                ? json_real(strtod(place->parts[i], NULL))
                                : json_string(place->parts[i]));
    }
    json_array_append_new(list, json);
    dump = json_dumps(list, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(10));
    json_decref(list);
    if (any && dump)
        text = apr_pstrdup(edit->pool, dump);
    free(dump);
    return text;
}

static void place_set_geo(item_event_edit_t *edit, const event_place_t *place)
{
    item_property_t *geo = item_property_first(edit->event, "GEO");
    const char *latitude = place->parts[PLACE_LATITUDE];
    const char *longitude = place->parts[PLACE_LONGITUDE];

    if (!latitude || !longitude)
        item_component_set_text(edit->event, "GEO", NULL);
    else if (geo)
        item_property_set_value(geo, apr_pstrcat(edit->pool, latitude, ";", longitude, NULL));
    else
        item_property_add(edit->event, NULL, "GEO",
                          apr_pstrcat(edit->pool, latitude, ";", longitude, NULL));
}

/* An empty one removes it (MS-ASAIRS R1001013). */
base_fault_t *item_event_store_place(item_event_edit_t *edit, const eas_node_t *node)
{
    event_place_t present, wanted;
    const char *old, *new;

    BASE_TRY(place_parse(edit, node, &wanted));
    place_read(edit->event, &present, edit->pool);
    old = place_text(&present, edit->pool);
    new = place_text(&wanted, edit->pool);
    if (strcmp(old ? old : "", new ? new : "") == 0)
        return NULL;
    place_set_name(edit, wanted.name);
    item_component_set_text(edit->event, EVENT_PLACE, place_details(edit, &wanted));
    place_set_geo(edit, &wanted);
    return NULL;
}
