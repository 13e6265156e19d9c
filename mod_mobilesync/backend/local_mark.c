#include "backend/local_mark.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <apr_strings.h>

#include "backend/local_fs.h"
#include "base/text.h"

#define MARK_FILE_MAX 4096

static const char *const mark_classes[LOCAL_CLASSES] = {[BACKEND_CLASS_EMAIL] = "email",
                                                        [BACKEND_CLASS_CALENDAR] = "calendar",
                                                        [BACKEND_CLASS_CONTACTS] = "contacts",
                                                        [BACKEND_CLASS_TASKS] = "tasks",
                                                        [BACKEND_CLASS_NOTES] = "notes"};

const char *local_class_name(backend_class_t class_)
{
    return mark_classes[class_];
}

static int mark_id_valid(const char *id)
{
    size_t i;

    for (i = 0; id[i]; i++)
        if (!isalnum((unsigned char)id[i]))
            return 0;
    return i > 0;
}

static void mark_parse(const char *line, local_mark_t marks[LOCAL_CLASSES])
{
    char name[16], kind[16];
    local_mark_t mark;
    int class_;

    memset(&mark, 0, sizeof mark);
    if (sscanf(line, "%15s %32s %u %15s %32s", name, mark.id, &mark.generation, kind,
               mark.parent) != 5 ||
        !mark_id_valid(mark.id) || !mark.generation)
        return;
    if (!mark_id_valid(mark.parent))
        mark.parent[0] = '\0';
    mark.chosen = strcmp(kind, "default") == 0;
    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++)
        if (strcmp(name, mark_classes[class_]) == 0)
            marks[class_] = mark;
}

void local_marks_read(int directory, local_mark_t marks[LOCAL_CLASSES], apr_pool_t *pool)
{
    char *line, *state = NULL, *copy;
    const char *text;

    memset(marks, 0, LOCAL_CLASSES * sizeof *marks);
    if (local_file_read(directory, LOCAL_MARK_FILE, MARK_FILE_MAX, &text, pool) || !text)
        return;
    copy = apr_pstrdup(pool, text);
    for (line = apr_strtok(copy, "\n", &state); line; line = apr_strtok(NULL, "\n", &state))
        mark_parse(line, marks);
}

static int mark_write(int directory, local_mark_t marks[LOCAL_CLASSES], apr_pool_t *pool)
{
    base_text_buffer_t text = {.pool = pool};
    int class_;

    for (class_ = BACKEND_CLASS_EMAIL + 1; class_ < LOCAL_CLASSES; class_++)
        if (marks[class_].id[0])
            base_text_buffer_printf(&text, "%s %s %u %s %s\n", mark_classes[class_],
                                    marks[class_].id, marks[class_].generation,
                                    marks[class_].chosen ? "default" : "user",
                                    marks[class_].parent[0] ? marks[class_].parent : "-");
    if (!text.length)
        return unlinkat(directory, LOCAL_MARK_FILE, 0) == 0;
    return local_file_replace(directory, LOCAL_MARK_FILE, text.data, text.length) == 0;
}

static int mark_change(local_session_t *session, const local_folder_t *folder,
                       const local_mark_t *mark, apr_pool_t *pool)
{
    int directory = local_directory_open(session->vdir, folder->directory), written;
    local_mark_t marks[LOCAL_CLASSES];

    if (directory < 0)
        return 0;
    local_marks_read(directory, marks, pool);
    marks[folder->class_] = *mark;
    written = mark_write(directory, marks, pool);
    close(directory);
    return written;
}

int local_mark_set(local_session_t *session, const local_folder_t *folder, apr_pool_t *pool)
{
    local_mark_t mark = {.generation = folder->generation, .chosen = folder->chosen};

    apr_cpystrn(mark.id, folder->id, sizeof mark.id);
    apr_cpystrn(mark.parent, folder->parent ? folder->parent : "", sizeof mark.parent);
    return mark_change(session, folder, &mark, pool);
}

void local_mark_remove(local_session_t *session, const local_folder_t *folder, apr_pool_t *pool)
{
    static const local_mark_t none;

    (void)mark_change(session, folder, &none, pool);
}
