libcore_la_SOURCES += \
	mod_mobilesync/eas/command.c mod_mobilesync/eas/command.h \
	mod_mobilesync/eas/command.tbl \
	mod_mobilesync/eas/guard.c mod_mobilesync/eas/guard.h \
	mod_mobilesync/eas/limits.h \
	mod_mobilesync/eas/node.c mod_mobilesync/eas/node.h \
	mod_mobilesync/eas/policy.c mod_mobilesync/eas/policy.h mod_mobilesync/eas/policy.tbl \
	mod_mobilesync/eas/profile.c mod_mobilesync/eas/profile.h mod_mobilesync/eas/profile.tbl \
	mod_mobilesync/eas/profiles.c \
	mod_mobilesync/eas/reader.c mod_mobilesync/eas/reader.h \
	mod_mobilesync/eas/request.c mod_mobilesync/eas/request.h \
	mod_mobilesync/eas/selftest.c mod_mobilesync/eas/selftest.h \
	mod_mobilesync/eas/spool.c mod_mobilesync/eas/spool.h \
	mod_mobilesync/eas/status.c mod_mobilesync/eas/status.h \
	mod_mobilesync/eas/status.tbl \
	mod_mobilesync/eas/tags.c mod_mobilesync/eas/tags.h mod_mobilesync/eas/tags.tbl \
	mod_mobilesync/eas/tempfile.c mod_mobilesync/eas/tempfile.h \
	mod_mobilesync/eas/utf8.c mod_mobilesync/eas/utf8.h \
	mod_mobilesync/eas/version.c mod_mobilesync/eas/version.h \
	mod_mobilesync/eas/wbxml_abi.h \
	mod_mobilesync/eas/writer.c mod_mobilesync/eas/writer.h
EXTRA_DIST += mod_mobilesync/eas/gen_tags.pl

check_PROGRAMS += t/unit/eas_tables_test t/unit/eas_wbxml_test t/unit/eas_hostile_test \
	t/unit/eas_spool_test t/unit/eas_request_test t/unit/eas_profile_test
t_unit_eas_tables_test_SOURCES = t/unit/eas_tables_test.c t/unit/tap.h
t_unit_eas_tables_test_LDADD = $(UNIT_LDADD)
t_unit_eas_wbxml_test_SOURCES = t/unit/eas_wbxml_test.c t/unit/eas_helpers.h t/unit/tap.h
t_unit_eas_wbxml_test_LDADD = $(UNIT_LDADD)
t_unit_eas_hostile_test_SOURCES = t/unit/eas_hostile_test.c t/unit/eas_helpers.h t/unit/tap.h
t_unit_eas_hostile_test_LDADD = $(UNIT_LDADD)
t_unit_eas_spool_test_SOURCES = t/unit/eas_spool_test.c t/unit/eas_helpers.h t/unit/tap.h
t_unit_eas_spool_test_LDADD = $(UNIT_LDADD)
t_unit_eas_request_test_SOURCES = t/unit/eas_request_test.c t/unit/eas_helpers.h t/unit/tap.h
t_unit_eas_request_test_LDADD = $(UNIT_LDADD)
t_unit_eas_profile_test_SOURCES = t/unit/eas_profile_test.c t/unit/tap.h
t_unit_eas_profile_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/eas_tables_test t/unit/eas_wbxml_test t/unit/eas_hostile_test \
	t/unit/eas_spool_test t/unit/eas_request_test t/unit/eas_profile_test

check_PROGRAMS += t/unit/eas_policy_test
t_unit_eas_policy_test_SOURCES = t/unit/eas_policy_test.c t/unit/eas_helpers.h t/unit/tap.h
t_unit_eas_policy_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/eas_policy_test
