libcore_la_SOURCES += \
	mod_mobilesync/cmd/cmd.h \
	mod_mobilesync/cmd/commands.tbl \
	mod_mobilesync/cmd/device.c mod_mobilesync/cmd/device.h \
	mod_mobilesync/cmd/dispatch.c \
	mod_mobilesync/cmd/provision.c \
	mod_mobilesync/cmd/settings.c

# the steps of one collection and of the hierarchy, without WBXML
libcore_la_SOURCES += \
	mod_mobilesync/cmd/collection.h \
	mod_mobilesync/cmd/hierarchy.h
