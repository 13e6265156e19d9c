libcore_la_SOURCES += \
	admin/action.c admin/action.h \
	admin/admin.c admin/admin.h \
	admin/audit.c \
	admin/call.h \
	admin/device.c \
	admin/estimate.c admin/estimate.h \
	admin/exchange.c admin/exchange.h \
	admin/held.c admin/held.h \
	admin/json.c \
	admin/metrics.c \
	admin/routes.tbl \
	admin/snapshot.c admin/snapshot.h \
	admin/undo.c \
	admin/why.c

check_PROGRAMS += t/unit/admin_test
t_unit_admin_test_SOURCES = t/unit/admin_test.c t/unit/tap.h
t_unit_admin_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/admin_test

sbin_PROGRAMS = mobilesyncctl
mobilesyncctl_SOURCES = \
	admin/ctl.h \
	admin/ctl_client.c \
	admin/ctl_commands.c admin/ctl_commands.tbl \
	admin/ctl_config.c \
	admin/ctl_print.c \
	admin/mobilesyncctl.c
mobilesyncctl_LDADD = libbase.la $(APR_LIBS) $(CURL_LIBS) $(JANSSON_LIBS)
dist_man8_MANS = admin/mobilesyncctl.8
