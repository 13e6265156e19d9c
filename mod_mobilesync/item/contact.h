/* The Contacts class (MS-ASCNTC): one vCard, of whatever version.
 *
 * contact.tbl has a row for each element. The properties are those that Apple's, Google's and
 * Microsoft's programs, Evolution, KDE, Nextcloud and Thunderbird write; of several names for the same
 * the one that a card has already stays. A new card is vCard 3.0, which most programs read.
 *
 * Elements with numbers (Email1Address, Home2PhoneNumber, IMAddress3, ...) stand for the lines of
 * their kind in the order of the card, preferred e-mail addresses first; X-EVOLUTION-UI-SLOT (of
 * numbers X-MOBILESYNC-SLOT), where a line has it, says which one it is. A card may have more lines than
 * there are elements: those are not shown, and never touched. A line whose element is deleted stays as
 * an empty one while there are such, or while the client has others behind it: no other moves up, to be
 * taken for it when the request is repeated.
 *
 * Dates are days: the time of what is sent is 11:59, that of what comes is ignored (R109001, R999). A
 * date without a year has the year 1604, as with Apple. */
#ifndef ITEM_CONTACT_H
#define ITEM_CONTACT_H

#include "item/kind.h"

/* A Picture's base64 (R381), which may be no longer (R384); a greater photo is not shown, and stays. */
#define ITEM_CONTACT_PICTURE_MAX (48 * 1024)

#define ITEM_CONTACT_CHILDREN_MAX 300 /* R194; as many categories (R183) */

extern const item_kind_t item_contact_kind;

#endif
