libcore_la_SOURCES += mod_mobilesync/redis/redis.h
