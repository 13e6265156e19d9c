# By itself for programs that need nothing else.
noinst_LTLIBRARIES += libbase.la
libcore_la_LIBADD += libbase.la
libbase_la_SOURCES = \
	mod_mobilesync/base/content_line.c mod_mobilesync/base/content_line.h \
	mod_mobilesync/base/fault.c mod_mobilesync/base/fault.h \
	mod_mobilesync/base/fault_codes.tbl \
	mod_mobilesync/base/file.c mod_mobilesync/base/file.h \
	mod_mobilesync/base/log.c mod_mobilesync/base/log.h \
	mod_mobilesync/base/text.c mod_mobilesync/base/text.h \
	mod_mobilesync/base/time.c mod_mobilesync/base/time.h

check_PROGRAMS += t/unit/base_test
t_unit_base_test_SOURCES = t/unit/base_test.c t/unit/tap.h
t_unit_base_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/base_test
