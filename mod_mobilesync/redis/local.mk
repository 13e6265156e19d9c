libcore_la_SOURCES += \
	mod_mobilesync/redis/breaker.c mod_mobilesync/redis/breaker.h \
	mod_mobilesync/redis/check.c \
	mod_mobilesync/redis/command.c \
	mod_mobilesync/redis/config.c \
	mod_mobilesync/redis/internal.h \
	mod_mobilesync/redis/link.c \
	mod_mobilesync/redis/pool.c \
	mod_mobilesync/redis/redis.h \
	mod_mobilesync/redis/subscriber.c \
	mod_mobilesync/redis/value.c

check_PROGRAMS += t/unit/redis_config_test t/unit/redis_test
t_unit_redis_config_test_SOURCES = t/unit/redis_config_test.c t/unit/tap.h
t_unit_redis_config_test_LDADD = $(UNIT_LDADD)
t_unit_redis_test_SOURCES = t/unit/redis_test.c t/unit/redis_server.h t/unit/tap.h
t_unit_redis_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/redis_config_test t/unit/redis_test
