libcore_la_SOURCES += \
	mod_mobilesync/wake/bus.c mod_mobilesync/wake/bus.h \
	mod_mobilesync/wake/channel.c \
	mod_mobilesync/wake/compare.c \
	mod_mobilesync/wake/hub.c mod_mobilesync/wake/hub.h \
	mod_mobilesync/wake/memory.h \
	mod_mobilesync/wake/memory_bus.c \
	mod_mobilesync/wake/pace.c \
	mod_mobilesync/wake/redis_bus.c \
	mod_mobilesync/wake/timer.c mod_mobilesync/wake/timer.h \
	mod_mobilesync/wake/waiter.c \
	mod_mobilesync/wake/waiting.c \
	mod_mobilesync/wake/wake.h

check_PROGRAMS += t/unit/wake_test t/unit/wake_redis_test
t_unit_wake_test_SOURCES = t/unit/wake_test.c t/unit/wake_contract.h t/unit/tap.h
t_unit_wake_test_LDADD = $(UNIT_LDADD)
t_unit_wake_redis_test_SOURCES = t/unit/wake_redis_test.c t/unit/wake_contract.h \
	t/unit/redis_server.h t/unit/tap.h
t_unit_wake_redis_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/wake_test t/unit/wake_redis_test
