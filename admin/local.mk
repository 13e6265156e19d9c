libcore_la_SOURCES += \
	admin/access.c admin/access.h \
	admin/access_change.c \
	admin/access_entries.c \
	admin/access_rules.c \
	admin/action.c admin/action.h \
	admin/admin.c admin/admin.h \
	admin/audit.c \
	admin/brake.c \
	admin/bundle.c \
	admin/call.h \
	admin/change.c admin/change.h \
	admin/device.c \
	admin/devices.c admin/devices.h \
	admin/estimate.c admin/estimate.h \
	admin/exchange.c \
	admin/held.c admin/held.h \
	admin/index.c \
	admin/json.c \
	admin/metrics.c \
	admin/page.c \
	admin/parked.c admin/parked.h \
	admin/profile.c \
	admin/policy.c \
	admin/purge.c \
	admin/quarantine.c \
	admin/recorder.c admin/recorder.h \
	admin/routes.tbl \
	admin/snapshot.c admin/snapshot.h \
	admin/suspend.c \
	admin/throttle.c admin/throttle.h \
	admin/trace.c admin/trace.h \
	admin/undo.c \
	admin/why.c \
	admin/wipe.c

check_PROGRAMS += t/unit/admin_test t/unit/admin_observe_test t/unit/admin_item_test
t_unit_admin_item_test_SOURCES = t/unit/admin_item_test.c t/unit/cmd_item_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_admin_item_test_LDADD = $(UNIT_LDADD)
t_unit_admin_test_SOURCES = t/unit/admin_test.c t/unit/admin_helpers.h t/unit/tap.h
t_unit_admin_test_LDADD = $(UNIT_LDADD)
t_unit_admin_observe_test_SOURCES = t/unit/admin_observe_test.c t/unit/admin_helpers.h t/unit/tap.h
t_unit_admin_observe_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/admin_test t/unit/admin_observe_test t/unit/admin_item_test

sbin_PROGRAMS = mobilesyncctl
mobilesyncctl_SOURCES = \
	admin/ctl.h \
	admin/ctl_access.c \
	admin/ctl_actions.c \
	admin/ctl_client.c \
	admin/ctl_commands.c admin/ctl_commands.tbl \
	admin/ctl_config.c \
	admin/ctl_print.c \
	admin/ctl_trace.c \
	admin/ctl_views.c \
	admin/mobilesyncctl.c
mobilesyncctl_LDADD = libbase.la $(APR_LIBS) $(CURL_LIBS) $(JANSSON_LIBS)
dist_man8_MANS = admin/mobilesyncctl.8

# The page for browsers is part of the module.
ADMIN_PAGE = \
	admin/page/index.html \
	admin/page/page.css \
	admin/page/icon.svg \
	admin/page/access.js \
	admin/page/api.js \
	admin/page/audit.js \
	admin/page/device.js \
	admin/page/devices.js \
	admin/page/dialog.js \
	admin/page/dom.js \
	admin/page/format.js \
	admin/page/links.js \
	admin/page/metrics.js \
	admin/page/page.js \
	admin/page/throttles.js \
	admin/page/trace.js \
	admin/page/why.js
EXTRA_DIST += admin/page/embed.sh $(ADMIN_PAGE)
CLEANFILES += admin/page_data.inc
admin/page_data.inc: $(ADMIN_PAGE) admin/page/embed.sh
	$(AM_V_GEN)$(MKDIR_P) admin && \
	pages= && for page in $(ADMIN_PAGE); do pages="$$pages $(srcdir)/$$page"; done && \
	$(SHELL) $(srcdir)/admin/page/embed.sh $$pages >$@.tmp && mv $@.tmp $@
admin/page.lo: admin/page_data.inc
