/* A phone's MoveItems, and ItemOperations' EmptyFolderContents. */
#include "model_mail.h"

/* -- MoveItems ----------------------------------------------------------------------------------- */

static int moves_make(scene_t *scene, phone_t *phone)
{
    int tries, i;

    phone->move_count = 0;
    for (tries = 0; tries < 8 && phone->folder_count && phone->move_count < 3; tries++) {
        const phone_folder_t *from = phone->folders + scene_roll(scene, phone->folder_count);
        const phone_folder_t *to = phone->folders + scene_roll(scene, phone->folder_count);
        phone_move_t *move = phone->moves + phone->move_count;
        const phone_item_t *item;

        if (!from->item_count || from == to || from->class_ != to->class_ ||
            !strcmp(from->id, scene->sent) || !strcmp(to->id, scene->sent))
            continue;
        item = from->items + scene_roll(scene, from->item_count);
        for (i = 0; i < phone->move_count; i++)
            if (strcmp(phone->moves[i].item, item->id) == 0)
                break;
        if (i < phone->move_count)
            continue;
        memset(move, 0, sizeof *move);
        apr_cpystrn(move->item, item->id, sizeof move->item);
        apr_cpystrn(move->from, from->id, sizeof move->from);
        apr_cpystrn(move->to, to->id, sizeof move->to);
        move->number = item->number;
        phone->move_count++;
        scene_log(scene, "%s wants %s (%d) in %s", phone->device, item->id, item->number, to->name);
        if (scene_percent(scene, 60))
            break;
    }
    return phone->move_count;
}

/* The same DstMsgId for ever, and that of the same message; but the server may ask to try again. */
static void moves_check_one(scene_t *scene, const phone_t *phone, const phone_move_t *move,
                            int status, const char *id)
{
    const char *name =
        apr_pstrcat(scene->pool, phone->device, " ", move->item, " ", move->to, NULL);
    const char *told = apr_hash_get(scene->moved, name, APR_HASH_KEY_STRING);

    scene_log(scene, "the move of %s to %s: Status %d %s", move->item, move->to, status,
              id ? id : "");
    if ((status == 3) != (id != NULL))
        scene_fail(scene, "a move with Status %d and DstMsgId %s", status, id ? id : "none");
    if (told && status != 7 && (!id || strcmp(told, id) != 0))
        scene_fail(scene, "the move of %s was answered %s before, and now %s (Status %d)",
                   move->item, told, id ? id : "nothing", status);
    if (!id)
        return;
    mail_tally.moves++;
    scene_know(scene, id, move->number);
    if (!told)
        apr_hash_set(scene->moved, name, APR_HASH_KEY_STRING, apr_pstrdup(scene->pool, id));
}

void phone_check_moves(scene_t *scene, const ask_t *ask, const answer_t *answer)
{
    const eas_node_t *node = eas_node_child(answer->body, EAS_Move_Response);
    int i;

    for (i = 0; i < ask->phone->move_count; i++, node = eas_node_next(node)) {
        apr_uint64_t status = 0;

        if (!node) {
            scene_fail(scene, "a move without an answer");
            return;
        }
        eas_node_child_uint(node, EAS_Move_Status, 255, &status);
        moves_check_one(scene, ask->phone, ask->phone->moves + i, (int)status,
                        eas_node_child_text(node, EAS_Move_DstMsgId));
    }
}

static int moves_again(const answer_t *answer)
{
    const eas_node_t *node = eas_node_child(answer->body, EAS_Move_Response);
    apr_uint64_t status = 0;

    for (; node && status != 7; node = eas_node_next(node))
        eas_node_child_uint(node, EAS_Move_Status, 255, &status);
    return status == 7;
}

int phone_move(scene_t *scene, phone_t *phone, const fate_t *fate)
{
    ask_t ask = {.kind = ASK_MOVE, .phone = phone, .response_bytes = 1000000};
    apr_pool_t *pool;
    answer_t answer;
    int taken;

    if (phone->move_count)
        mail_tally.repeats++;
    else if (!moves_make(scene, phone))
        return 0;
    apr_pool_create(&pool, scene->pool);
    taken = ask_send(scene, &ask, fate, &answer, pool);
    if ((taken && !moves_again(&answer)) || scene_percent(scene, 10)) { /* else it is repeated */
        phone_folder_t *any = phone->folders;

        phone->move_count = 0;
        for (; any < phone->folders + phone->folder_count; any++)
            any->quiet = 0;
    }
    apr_pool_destroy(pool);
    return taken;
}

/* -- EmptyFolderContents ------------------------------------------------------------------------- */

static int empty_make(scene_t *scene, phone_t *phone)
{
    const phone_folder_t *folder;

    if (!phone->folder_count)
        return 0;
    folder = phone->folders + scene_roll(scene, phone->folder_count);
    if (scene_percent(scene, 60) && phone_folder(phone, scene->trash))
        folder = phone_folder(phone, scene->trash);
    if (strcmp(folder->id, scene->sent) == 0)
        return 0;
    apr_cpystrn(phone->empty, folder->id, sizeof phone->empty);
    phone->below = scene_percent(scene, 50);
    scene_log(scene, "%s empties %s%s", phone->device, folder->name,
              phone->below ? " with the folders below" : "");
    return phone->emptying = 1;
}

int phone_empty(scene_t *scene, phone_t *phone, const fate_t *fate)
{
    ask_t ask = {.kind = ASK_EMPTY, .phone = phone, .response_bytes = 1000000};
    apr_pool_t *pool;
    answer_t answer;
    int taken;

    if (!phone->emptying && !empty_make(scene, phone))
        return 0;
    apr_pool_create(&pool, scene->pool);
    taken = ask_send(scene, &ask, fate, &answer, pool);
    if (taken || scene_percent(scene, 10)) {
        phone->emptying = 0;
        phone->hierarchy_due |= phone->below;
    }
    mail_tally.empties += taken;
    apr_pool_destroy(pool);
    return taken;
}
