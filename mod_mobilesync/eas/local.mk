libcore_la_SOURCES += \
	mod_mobilesync/eas/command.c mod_mobilesync/eas/command.h \
	mod_mobilesync/eas/command.tbl \
	mod_mobilesync/eas/status.c mod_mobilesync/eas/status.h \
	mod_mobilesync/eas/status.tbl \
	mod_mobilesync/eas/tags.c mod_mobilesync/eas/tags.h mod_mobilesync/eas/tags.tbl \
	mod_mobilesync/eas/version.c mod_mobilesync/eas/version.h
EXTRA_DIST += mod_mobilesync/eas/gen_tags.pl

check_PROGRAMS += t/unit/eas_tables_test
t_unit_eas_tables_test_SOURCES = t/unit/eas_tables_test.c t/unit/tap.h
t_unit_eas_tables_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/eas_tables_test
