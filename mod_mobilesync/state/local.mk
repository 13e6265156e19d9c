libcore_la_SOURCES += \
	mod_mobilesync/state/driver.h \
	mod_mobilesync/state/fail.h \
	mod_mobilesync/state/fail_driver.c \
	mod_mobilesync/state/memory_driver.c \
	mod_mobilesync/state/redis_driver.c \
	mod_mobilesync/state/redis_scripts.h \
	mod_mobilesync/state/state.c \
	mod_mobilesync/state/state.h

check_PROGRAMS += t/unit/state_test t/unit/state_redis_test
t_unit_state_test_SOURCES = t/unit/state_test.c t/unit/state_contract.h t/unit/tap.h
t_unit_state_test_LDADD = $(UNIT_LDADD)
t_unit_state_redis_test_SOURCES = t/unit/state_redis_test.c t/unit/state_contract.h \
	t/unit/redis_server.h t/unit/tap.h
t_unit_state_redis_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/state_test t/unit/state_redis_test
