#include "cmd/gal.h"

#include <string.h>

#include "eas/status.h"

#define GAL_PICTURE_MAX 102400 /* MS-ASCMD R3309 */

base_fault_t *cmd_pictures_parse(cmd_exchange_t *exchange, const eas_node_t *options,
                                 const cmd_pictures_tags_t *tags, cmd_pictures_t *pictures)
{
    const eas_node_t *picture = eas_node_child(options, tags->picture);

    pictures->wanted = picture && eas_tag_in_version(EAS_GAL_Picture, exchange->request->version);
    pictures->size_max = GAL_PICTURE_MAX;
    pictures->left = APR_UINT32_MAX;
    if (pictures->wanted &&
        (eas_node_child_uint(picture, tags->size_max, APR_UINT32_MAX, &pictures->size_max) < 0 ||
         eas_node_child_uint(picture, tags->count_max, APR_UINT32_MAX, &pictures->left) < 0))
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID, "Picture: not a number");
    if (pictures->size_max > GAL_PICTURE_MAX)
        pictures->size_max = GAL_PICTURE_MAX;
    return NULL;
}

void cmd_pictures_write(eas_writer_t *writer, const cmd_pictures_tags_t *tags,
                        cmd_pictures_t *pictures, const backend_person_t *person)
{
    int status = EAS_STATUS_SUCCESS;

    if (!pictures->wanted)
        return;
    if (!person->picture.length)
        status = EAS_STATUS_NoPicture;
    else if (person->picture.length > pictures->size_max)
        status = EAS_STATUS_PictureTooLarge;
    else if (!pictures->left)
        status = EAS_STATUS_PictureLimitReached;
    eas_writer_start(writer, tags->answer);
    eas_writer_uint(writer, tags->status, (apr_uint64_t)status);
    if (status == EAS_STATUS_SUCCESS) {
        eas_writer_opaque(writer, tags->data, person->picture.bytes, person->picture.length);
        pictures->left--;
    }
    eas_writer_end(writer);
}

base_fault_t *cmd_gal_find(cmd_exchange_t *exchange, const char *text, int first, int last,
                           backend_people_found_t **found)
{
    const apr_array_header_t *addresses;

    if (!*text || strlen(text) > CMD_GAL_TEXT_MAX)
        return base_fault_make(exchange->pool, BASE_FAULT_INVALID,
                               "a name of 1 to %d bytes is looked for", CMD_GAL_TEXT_MAX);
    BASE_TRY(cmd_exchange_addresses(exchange, &addresses));
    return backend_directory_find(
        exchange->service->people, APR_ARRAY_IDX(addresses, 0, const char *), text,
        BACKEND_PEOPLE_BEGIN, first, last - first + 1, found, exchange->pool);
}

static void gal_text(eas_writer_t *writer, eas_tag_t tag, const char *text)
{
    if (text)
        eas_writer_text(writer, tag, text);
}

void cmd_gal_write(eas_writer_t *writer, const backend_person_t *person,
                   const cmd_pictures_tags_t *tags, cmd_pictures_t *pictures)
{
    gal_text(writer, EAS_GAL_DisplayName, person->display_name);
    gal_text(writer, EAS_GAL_Phone, person->phone);
    gal_text(writer, EAS_GAL_Office, person->office);
    gal_text(writer, EAS_GAL_Title, person->title);
    gal_text(writer, EAS_GAL_Company, person->company);
    gal_text(writer, EAS_GAL_Alias, person->alias);
    gal_text(writer, EAS_GAL_FirstName, person->first_name);
    gal_text(writer, EAS_GAL_LastName, person->last_name);
    gal_text(writer, EAS_GAL_HomePhone, person->home_phone);
    gal_text(writer, EAS_GAL_MobilePhone, person->mobile_phone);
    gal_text(writer, EAS_GAL_EmailAddress, person->email);
    cmd_pictures_write(writer, tags, pictures, person);
}
