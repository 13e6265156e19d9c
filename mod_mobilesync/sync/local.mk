libcore_la_SOURCES += \
	mod_mobilesync/sync/access.c mod_mobilesync/sync/access.h \
	mod_mobilesync/sync/access_rules.c mod_mobilesync/sync/access_rules.h \
	mod_mobilesync/sync/brake.c mod_mobilesync/sync/brake.h \
	mod_mobilesync/sync/diff.c mod_mobilesync/sync/diff.h \
	mod_mobilesync/sync/filter.c mod_mobilesync/sync/filter.h \
	mod_mobilesync/sync/folder_state.c mod_mobilesync/sync/folder_state.h \
	mod_mobilesync/sync/held.c mod_mobilesync/sync/held.h \
	mod_mobilesync/sync/hierarchy.c mod_mobilesync/sync/hierarchy.h \
	mod_mobilesync/sync/key.c mod_mobilesync/sync/key.h \
	mod_mobilesync/sync/ledger.c mod_mobilesync/sync/ledger.h \
	mod_mobilesync/sync/pack.c mod_mobilesync/sync/pack.h \
	mod_mobilesync/sync/quarantine.c mod_mobilesync/sync/quarantine.h \
	mod_mobilesync/sync/scan.c mod_mobilesync/sync/scan.h \
	mod_mobilesync/sync/trial.c mod_mobilesync/sync/trial.h \
	mod_mobilesync/sync/window.c mod_mobilesync/sync/window.h

check_PROGRAMS += t/unit/sync_access_test t/unit/sync_brake_test t/unit/sync_key_test t/unit/sync_held_test t/unit/sync_window_test \
	t/unit/sync_rules_test t/unit/sync_trouble_test
t_unit_sync_access_test_SOURCES = t/unit/sync_access_test.c t/unit/tap.h
t_unit_sync_access_test_LDADD = $(UNIT_LDADD)
t_unit_sync_brake_test_SOURCES = t/unit/sync_brake_test.c t/unit/tap.h
t_unit_sync_brake_test_LDADD = $(UNIT_LDADD)
t_unit_sync_key_test_SOURCES = t/unit/sync_key_test.c t/unit/tap.h
t_unit_sync_key_test_LDADD = $(UNIT_LDADD)
t_unit_sync_held_test_SOURCES = t/unit/sync_held_test.c t/unit/tap.h
t_unit_sync_held_test_LDADD = $(UNIT_LDADD)
t_unit_sync_window_test_SOURCES = t/unit/sync_window_test.c t/unit/tap.h
t_unit_sync_window_test_LDADD = $(UNIT_LDADD)
t_unit_sync_rules_test_SOURCES = t/unit/sync_rules_test.c t/unit/tap.h
t_unit_sync_rules_test_LDADD = $(UNIT_LDADD)
t_unit_sync_trouble_test_SOURCES = t/unit/sync_trouble_test.c t/unit/tap.h
t_unit_sync_trouble_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/sync_access_test t/unit/sync_brake_test t/unit/sync_key_test t/unit/sync_held_test t/unit/sync_window_test t/unit/sync_rules_test \
	t/unit/sync_trouble_test
