libcore_la_SOURCES += \
	admin/action.c admin/action.h \
	admin/admin.c admin/admin.h \
	admin/audit.c \
	admin/call.h \
	admin/device.c \
	admin/estimate.c admin/estimate.h \
	admin/json.c \
	admin/routes.tbl \
	admin/snapshot.c admin/snapshot.h \
	admin/undo.c

check_PROGRAMS += t/unit/admin_test
t_unit_admin_test_SOURCES = t/unit/admin_test.c t/unit/tap.h
t_unit_admin_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/admin_test
