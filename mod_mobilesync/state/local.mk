libcore_la_SOURCES += \
	mod_mobilesync/state/audit.c mod_mobilesync/state/audit.h \
	mod_mobilesync/state/change.c \
	mod_mobilesync/state/driver.h \
	mod_mobilesync/state/exchange.h \
	mod_mobilesync/state/fail.h \
	mod_mobilesync/state/fail_driver.c \
	mod_mobilesync/state/memory_audit.c \
	mod_mobilesync/state/memory_driver.c \
	mod_mobilesync/state/memory_recorder.c \
	mod_mobilesync/state/memory_store.h \
	mod_mobilesync/state/memory_table.c \
	mod_mobilesync/state/memory_trash.c \
	mod_mobilesync/state/recorder.c mod_mobilesync/state/recorder.h \
	mod_mobilesync/state/redis_accounts.c \
	mod_mobilesync/state/redis_audit.c \
	mod_mobilesync/state/redis_driver.c \
	mod_mobilesync/state/redis_glance.c \
	mod_mobilesync/state/redis_recorder.c \
	mod_mobilesync/state/redis_scripts.h \
	mod_mobilesync/state/redis_store.h \
	mod_mobilesync/state/redis_table.c \
	mod_mobilesync/state/redis_trash.c \
	mod_mobilesync/state/redis_trash_scripts.h \
	mod_mobilesync/state/state.c \
	mod_mobilesync/state/state.h \
	mod_mobilesync/state/table.c mod_mobilesync/state/table.h \
	mod_mobilesync/state/trash.c mod_mobilesync/state/trash.h

check_PROGRAMS += t/unit/state_test t/unit/state_redis_test
t_unit_state_test_SOURCES = t/unit/state_test.c t/unit/state_admin_contract.h t/unit/state_contract.h \
	t/unit/state_table_contract.h t/unit/tap.h
t_unit_state_test_LDADD = $(UNIT_LDADD)
t_unit_state_redis_test_SOURCES = t/unit/state_redis_test.c t/unit/state_admin_contract.h t/unit/state_contract.h \
	t/unit/state_table_contract.h t/unit/redis_server.h t/unit/tap.h
t_unit_state_redis_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/state_test t/unit/state_redis_test
