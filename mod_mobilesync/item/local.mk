libcore_la_SOURCES += \
	mod_mobilesync/item/attachment.c \
	mod_mobilesync/item/attachment.h \
	mod_mobilesync/item/body.c \
	mod_mobilesync/item/body.h \
	mod_mobilesync/item/charset.c \
	mod_mobilesync/item/charset.h \
	mod_mobilesync/item/charset.tbl \
	mod_mobilesync/item/class.c \
	mod_mobilesync/item/class.h \
	mod_mobilesync/item/compose.c \
	mod_mobilesync/item/compose.h \
	mod_mobilesync/item/compose_body.c \
	mod_mobilesync/item/compose_parts.h \
	mod_mobilesync/item/compose_quote.c \
	mod_mobilesync/item/content.c \
	mod_mobilesync/item/content.h \
	mod_mobilesync/item/conversation.c \
	mod_mobilesync/item/conversation.h \
	mod_mobilesync/item/email.c \
	mod_mobilesync/item/email.h \
	mod_mobilesync/item/email.tbl \
	mod_mobilesync/item/email_load.c \
	mod_mobilesync/item/email_load.h \
	mod_mobilesync/item/header.c \
	mod_mobilesync/item/header.h \
	mod_mobilesync/item/header_words.c \
	mod_mobilesync/item/html.c \
	mod_mobilesync/item/html.h \
	mod_mobilesync/item/html_element.tbl \
	mod_mobilesync/item/item.c \
	mod_mobilesync/item/item.h \
	mod_mobilesync/item/mime.c \
	mod_mobilesync/item/mime.h \
	mod_mobilesync/item/plain.c \
	mod_mobilesync/item/reader.c \
	mod_mobilesync/item/reader.h \
	mod_mobilesync/item/reader_utf8.c \
	mod_mobilesync/item/reference.c \
	mod_mobilesync/item/reference.h \
	mod_mobilesync/item/sink.c \
	mod_mobilesync/item/sink.h \
	mod_mobilesync/item/source.c \
	mod_mobilesync/item/source.h \
	mod_mobilesync/item/wire.c \
	mod_mobilesync/item/wire.h

check_PROGRAMS += t/unit/item_reference_test
t_unit_item_reference_test_SOURCES = t/unit/item_reference_test.c t/unit/tap.h
t_unit_item_reference_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/item_reference_test

# what t/perl/item.t drives, and a tool for those who write tests
check_PROGRAMS += t/unit/item_show
t_unit_item_show_SOURCES = t/unit/item_show.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_show_LDADD = $(UNIT_LDADD)
TESTS += t/perl/item.t
EXTRA_DIST += t/perl/item.t

check_PROGRAMS += t/unit/item_bench
t_unit_item_bench_SOURCES = t/unit/item_bench.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_bench_LDADD = $(UNIT_LDADD)
