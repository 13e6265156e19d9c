# TAP: C units and Perl tests both speak it; tap-driver.sh comes with automake.
TEST_EXTENSIONS = .t
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
T_LOG_COMPILER = $(PERL)
AM_T_LOG_FLAGS = -I$(top_srcdir)/t/lib
AM_TESTS_ENVIRONMENT = top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' ;\
	export top_srcdir top_builddir;

# The Perl test client, the server harness and their own tests; they need no module.
PERL_LIB = \
	t/lib/EAS/Autodiscover.pm \
	t/lib/EAS/Client.pm \
	t/lib/EAS/Client/Account.pm \
	t/lib/EAS/Client/Items.pm \
	t/lib/EAS/Client/Search.pm \
	t/lib/EAS/Client/Sync.pm \
	t/lib/EAS/HTTP.pm \
	t/lib/EAS/Hostile.pm \
	t/lib/EAS/Node.pm \
	t/lib/EAS/Properties.pm \
	t/lib/EAS/Query.pm \
	t/lib/EAS/Schema.pm \
	t/lib/EAS/WBXML.pm \
	t/lib/EAS/WBXML/Pages.pm \
	t/lib/MobileSync/Admin.pm \
	t/lib/MobileSync/AdminPage.pm \
	t/lib/MobileSync/Browser.pm \
	t/lib/MobileSync/Certificates.pm \
	t/lib/MobileSync/Crowd.pm \
	t/lib/MobileSync/Ctl.pm \
	t/lib/MobileSync/Demo.pm \
	t/lib/MobileSync/Disk.pm \
	t/lib/MobileSync/ErrorLog.pm \
	t/lib/MobileSync/EventFacts.pm \
	t/lib/MobileSync/Groupware.pm \
	t/lib/MobileSync/Httpd.pm \
	t/lib/MobileSync/KindShow.pm \
	t/lib/MobileSync/Letters.pm \
	t/lib/MobileSync/Mail.pm \
	t/lib/MobileSync/Mail/Broken.pm \
	t/lib/MobileSync/Mail/Kinds.pm \
	t/lib/MobileSync/Mail/Mime.pm \
	t/lib/MobileSync/Mail/Random.pm \
	t/lib/MobileSync/Mail/Text.pm \
	t/lib/MobileSync/Mailbox.pm \
	t/lib/MobileSync/Memory.pm \
	t/lib/MobileSync/Metrics.pm \
	t/lib/MobileSync/Participant.pm \
	t/lib/MobileSync/Process.pm \
	t/lib/MobileSync/RealFiles.pm \
	t/lib/MobileSync/Redis.pm \
	t/lib/MobileSync/Sendmail.pm \
	t/lib/MobileSync/Smtp.pm \
	t/lib/MobileSync/Scenario.pm \
	t/lib/MobileSync/Server.pm \
	t/lib/MobileSync/Vdir.pm \
	t/lib/MobileSync/WaitingPhone.pm
PERL_TESTS = \
	t/perl/client.t \
	t/perl/groupware.t \
	t/perl/hostile.t \
	t/perl/http.t \
	t/perl/mail.t \
	t/perl/mailbox.t \
	t/perl/schema.t \
	t/perl/server.t \
	t/perl/wbxml.t
TESTS += $(PERL_TESTS)
EXTRA_DIST += .perltidyrc $(PERL_LIB) $(PERL_TESTS) \
	quickstart runtests .ci/run t/bin/generate-wbxml-pages t/bin/prepare t/bin/quickstart t/bin/sanitize

# End to end: the module in a private httpd with a private redis-server.
E2E_TESTS = \
	t/e2e/00-smoke.t \
	t/e2e/accept.t \
	t/e2e/admin.t \
	t/e2e/aliases.t \
	t/e2e/autodiscover.t \
	t/e2e/availability.t \
	t/e2e/admin_cli.t \
	t/e2e/admin_observe.t \
	t/e2e/admin_page.t \
	t/e2e/admin_page_access.t \
	t/e2e/admin_page_actions.t \
	t/e2e/admin_page_observe.t \
	t/e2e/admin_purge.t \
	t/e2e/access.t \
	t/e2e/access_cli.t \
	t/e2e/access_modes.t \
	t/e2e/policy.t \
	t/e2e/wipe.t \
	t/e2e/admin_suspend.t \
	t/e2e/bodies.t \
	t/e2e/body_part.t \
	t/e2e/brake.t \
	t/e2e/calendars.t \
	t/e2e/clients.t \
	t/e2e/config.t \
	t/e2e/connections.t \
	t/e2e/contacts.t \
	t/e2e/conversation.t \
	t/e2e/conversation_mode.t \
	t/e2e/crash.t \
	t/e2e/demo.t \
	t/e2e/devices.t \
	t/e2e/drafts.t \
	t/e2e/event_age.t \
	t/e2e/event_answers.t \
	t/e2e/events.t \
	t/e2e/empty_folder.t \
	t/e2e/fetch.t \
	t/e2e/flags.t \
	t/e2e/find.t \
	t/e2e/folder_sync.t \
	t/e2e/folders.t \
	t/e2e/full.t \
	t/e2e/generations.t \
	t/e2e/get_attachment.t \
	t/e2e/get_item_estimate.t \
	t/e2e/groupware_admin.t \
	t/e2e/groupware_conflict.t \
	t/e2e/groupware_folders.t \
	t/e2e/groupware_hostile.t \
	t/e2e/groupware_lost.t \
	t/e2e/groupware_sync.t \
	t/e2e/groupware_wait.t \
	t/e2e/hanging.t \
	t/e2e/hostile.t \
	t/e2e/http2.t \
	t/e2e/invitation.t \
	t/e2e/limits.t \
	t/e2e/lost.t \
	t/e2e/mailbox.t \
	t/e2e/maildir.t \
	t/e2e/meeting.t \
	t/e2e/meeting_conflict.t \
	t/e2e/meeting_deliver.t \
	t/e2e/meeting_forward.t \
	t/e2e/meeting_scene.t \
	t/e2e/meeting_send.t \
	t/e2e/memory.t \
	t/e2e/midnight.t \
	t/e2e/moments.t \
	t/e2e/move.t \
	t/e2e/notes.t \
	t/e2e/oof.t \
	t/e2e/mpm.t \
	t/e2e/park.t \
	t/e2e/people.t \
	t/e2e/ping.t \
	t/e2e/quarantine.t \
	t/e2e/restart.t \
	t/e2e/search.t \
	t/e2e/search_classes.t \
	t/e2e/send.t \
	t/e2e/send_refused.t \
	t/e2e/settings.t \
	t/e2e/smime.t \
	t/e2e/smtp.t \
	t/e2e/stall.t \
	t/e2e/stress.t \
	t/e2e/sync.t \
	t/e2e/task_series.t \
	t/e2e/tasks.t \
	t/e2e/transport.t \
	t/e2e/validate_cert.t \
	t/e2e/versions.t \
	t/e2e/example.t \
	t/e2e/wait_limits.t \
	t/e2e/wait_status.t
TESTS += $(E2E_TESTS)
EXTRA_DIST += t/data/zones/blobs.tsv
EXTRA_DIST += $(E2E_TESTS) t/data/autodiscover/frame.xsd t/data/autodiscover/mobilesync.xsd

GUARD_TESTS = t/guard/docs.t t/guard/source.t
TESTS += $(GUARD_TESTS)
EXTRA_DIST += $(GUARD_TESTS)

# Preloaded into httpds by t/e2e/quarantine.t. With an rpath it is made as a shared object.
check_LTLIBRARIES = t/e2e/libpoison.la
t_e2e_libpoison_la_SOURCES = t/e2e/poison.c
t_e2e_libpoison_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
# Preloaded into an httpd by t/e2e/accept.t.
check_LTLIBRARIES += t/e2e/libslow_listener.la
t_e2e_libslow_listener_la_SOURCES = t/e2e/slow_listener.c
t_e2e_libslow_listener_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
# Loaded by t/e2e/mpm.t.
check_LTLIBRARIES += t/e2e/mod_old_httpd.la
t_e2e_mod_old_httpd_la_SOURCES = t/e2e/old_httpd.c
t_e2e_mod_old_httpd_la_CPPFLAGS = $(AM_CPPFLAGS) $(HTTPD_CFLAGS)
t_e2e_mod_old_httpd_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

# Figures, not tests: they take minutes and depend on the machine.
EXTRA_DIST += t/bench/bench t/bench/soak t/bench/ping t/bench/ping_load.c t/bench/ping_phone.h t/bench/recorder
bench: all
	@for d in $(top_srcdir)/mod_mobilesync/* $(top_srcdir)/admin $(top_srcdir)/t/*; do \
	    test -d $$d || continue; \
	    printf '%8d lines  %s\n' \
	        "`find $$d -type f \( -name '*.[ch]' -o -name '*.tbl' -o -name '*.p[lm]' -o -name '*.t' \) \
	        -exec cat {} + | wc -l`" "$$d"; \
	done
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    $(PERL) $(top_srcdir)/t/bench/bench
bench-ping: all
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    $(PERL) $(top_srcdir)/t/bench/ping $(BENCH_PING)
# What make check does in a minute, larger: phones, rounds, changes in each.
STRESS = 400,10,500
stress: all
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' MOBILESYNC_STRESS='$(STRESS)' \
	    $(PERL) $(top_srcdir)/t/e2e/stress.t
bench-recorder: all
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	    $(PERL) $(top_srcdir)/t/bench/recorder
.PHONY: bench bench-ping bench-recorder stress

# what t/lib/MobileSync/RealFiles.pm fetched
clean-local: clean-real-files
clean-real-files:
	-rm -rf t/real-files
.PHONY: clean-real-files
