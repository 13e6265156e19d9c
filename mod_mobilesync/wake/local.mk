libcore_la_SOURCES += mod_mobilesync/wake/wake.h
