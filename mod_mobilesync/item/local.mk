libcore_la_SOURCES += \
	mod_mobilesync/item/item.h \
	mod_mobilesync/item/attachment.h \
	mod_mobilesync/item/compose.h \
	mod_mobilesync/item/email.h \
	mod_mobilesync/item/reference.c mod_mobilesync/item/reference.h

check_PROGRAMS += t/unit/item_reference_test
t_unit_item_reference_test_SOURCES = t/unit/item_reference_test.c t/unit/tap.h
t_unit_item_reference_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/item_reference_test
