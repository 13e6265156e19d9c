apachemodule_LTLIBRARIES = mod_mobilesync.la
mod_mobilesync_la_SOURCES = \
	mod_mobilesync/glue/accept.c \
	mod_mobilesync/glue/admin.c \
	mod_mobilesync/glue/auth.c \
	mod_mobilesync/glue/autodiscover.c \
	mod_mobilesync/glue/body.c \
	mod_mobilesync/glue/buckets.c mod_mobilesync/glue/buckets.h \
	mod_mobilesync/glue/checks.c \
	mod_mobilesync/glue/child.c \
	mod_mobilesync/glue/config.c mod_mobilesync/glue/config.h \
	mod_mobilesync/glue/credentials.c mod_mobilesync/glue/credentials.h \
	mod_mobilesync/glue/directives.tbl \
	mod_mobilesync/glue/glue.h \
	mod_mobilesync/glue/handler.c \
	mod_mobilesync/glue/kept.c \
	mod_mobilesync/glue/limit_tables.c mod_mobilesync/glue/limit_tables.h \
	mod_mobilesync/glue/limits.c mod_mobilesync/glue/limits.h \
	mod_mobilesync/glue/log.c \
	mod_mobilesync/glue/metrics.c mod_mobilesync/glue/metrics.h \
	mod_mobilesync/glue/metrics.tbl \
	mod_mobilesync/glue/metrics_impl.h \
	mod_mobilesync/glue/metrics_text.c \
	mod_mobilesync/glue/mod_mobilesync.c \
	mod_mobilesync/glue/park.c \
	mod_mobilesync/glue/park_poll.c mod_mobilesync/glue/park_poll.h \
	mod_mobilesync/glue/recorder.c \
	mod_mobilesync/glue/send.c \
	mod_mobilesync/glue/shared.c \
	mod_mobilesync/glue/status.c \
	mod_mobilesync/glue/told.c mod_mobilesync/glue/told.h \
	mod_mobilesync/glue/trace.c \
	mod_mobilesync/glue/wait.c
# httpd's headers define a PACKAGE_VERSION of their own
mod_mobilesync_la_CPPFLAGS = $(AM_CPPFLAGS) $(HTTPD_CFLAGS) \
	-DMOBILESYNC_VERSION='"$(PACKAGE_VERSION)"' \
	-DMOBILESYNC_CLIENTS='"$(pkgdatadir)/clients.json"'
mod_mobilesync_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared
mod_mobilesync_la_LIBADD = libcore.la

# what knows nothing of httpd can do without it
check_PROGRAMS += t/unit/limits_test
t_unit_limits_test_SOURCES = t/unit/limits_test.c t/unit/tap.h \
	mod_mobilesync/glue/buckets.c mod_mobilesync/glue/credentials.c \
	mod_mobilesync/glue/limit_tables.c
t_unit_limits_test_CPPFLAGS = $(AM_CPPFLAGS)
t_unit_limits_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/limits_test

apachemodule_DATA = \
	mod_mobilesync/glue/mobilesync.conf.example \
	mod_mobilesync/glue/mobilesync-20000.conf.example \
	mod_mobilesync/glue/mobilesync-systemd.conf.example \
	mod_mobilesync/glue/mobilesync-sysctl.conf.example
dist_pkgdata_DATA = mod_mobilesync/glue/clients.json
EXTRA_DIST += mod_mobilesync/README $(apachemodule_DATA)

# httpd loads the .so; libtool's .la beside it would only puzzle.
install-data-hook:
	rm -f $(DESTDIR)$(apachemoduledir)/mod_mobilesync.la

uninstall-hook:
	rm -f $(DESTDIR)$(apachemoduledir)/mod_mobilesync.so
