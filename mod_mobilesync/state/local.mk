libcore_la_SOURCES += mod_mobilesync/state/state.h mod_mobilesync/state/fail.h
