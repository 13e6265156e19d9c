# A fuzz target NAME is t/fuzz/NAME_fuzz.c and a folder t/fuzz/corpus/NAME. `make fuzz`
# builds the targets with clang and runs each for FUZZ_SECONDS; `make check` replays
# the committed corpora without it.
FUZZ_TARGETS = wbxml request email html meeting compose draft query command card autodiscover \
	document contact task event note series zone
FUZZ_SECONDS = 60

EXTRA_DIST += t/fuzz/run t/fuzz/pool.c t/fuzz/corpus

check_PROGRAMS += t/fuzz/wbxml_replay t/fuzz/request_replay
t_fuzz_wbxml_replay_SOURCES = t/fuzz/wbxml_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_wbxml_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_wbxml_replay_LDADD = $(UNIT_LDADD)
t_fuzz_request_replay_SOURCES = t/fuzz/request_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_request_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_request_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/wbxml_replay t/fuzz/request_replay

check_PROGRAMS += t/fuzz/email_replay
t_fuzz_email_replay_SOURCES = t/fuzz/email_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h
t_fuzz_email_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_email_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/email_replay

check_PROGRAMS += t/fuzz/query_replay t/fuzz/card_replay
t_fuzz_query_replay_SOURCES = t/fuzz/query_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_query_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_query_replay_LDADD = $(UNIT_LDADD)
t_fuzz_card_replay_SOURCES = t/fuzz/card_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_card_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_card_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/query_replay t/fuzz/card_replay

check_PROGRAMS += t/fuzz/html_replay t/fuzz/meeting_replay t/fuzz/compose_replay \
	t/fuzz/draft_replay t/fuzz/command_replay
t_fuzz_html_replay_SOURCES = t/fuzz/html_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_html_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_html_replay_LDADD = $(UNIT_LDADD)
t_fuzz_meeting_replay_SOURCES = t/fuzz/meeting_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h
t_fuzz_meeting_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_meeting_replay_LDADD = $(UNIT_LDADD)
t_fuzz_compose_replay_SOURCES = t/fuzz/compose_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h
t_fuzz_compose_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_compose_replay_LDADD = $(UNIT_LDADD)
t_fuzz_draft_replay_SOURCES = t/fuzz/draft_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h
t_fuzz_draft_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_draft_replay_LDADD = $(UNIT_LDADD)
t_fuzz_command_replay_SOURCES = t/fuzz/command_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h
t_fuzz_command_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_command_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/html_replay t/fuzz/meeting_replay t/fuzz/compose_replay t/fuzz/draft_replay \
	t/fuzz/command_replay

check_PROGRAMS += t/fuzz/autodiscover_replay
t_fuzz_autodiscover_replay_SOURCES = t/fuzz/autodiscover_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_autodiscover_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_autodiscover_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/autodiscover_replay

check_PROGRAMS += t/fuzz/document_replay
t_fuzz_document_replay_SOURCES = t/fuzz/document_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_document_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_document_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/document_replay

check_PROGRAMS += t/fuzz/contact_replay
t_fuzz_contact_replay_SOURCES = t/fuzz/contact_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h \
	t/fuzz/kind.h t/unit/kind_helpers.h
t_fuzz_contact_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_contact_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/contact_replay

check_PROGRAMS += t/fuzz/task_replay
t_fuzz_task_replay_SOURCES = t/fuzz/task_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h \
	t/fuzz/kind.h t/unit/kind_helpers.h
t_fuzz_task_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_task_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/task_replay

check_PROGRAMS += t/fuzz/event_replay
t_fuzz_event_replay_SOURCES = t/fuzz/event_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_event_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_event_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/event_replay

check_PROGRAMS += t/fuzz/note_replay
t_fuzz_note_replay_SOURCES = t/fuzz/note_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h t/fuzz/email.h \
	t/unit/kind_helpers.h
t_fuzz_note_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_note_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/note_replay

check_PROGRAMS += t/fuzz/series_replay t/fuzz/zone_replay
t_fuzz_series_replay_SOURCES = t/fuzz/series_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_series_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_series_replay_LDADD = $(UNIT_LDADD)
t_fuzz_zone_replay_SOURCES = t/fuzz/zone_fuzz.c t/fuzz/replay.c t/fuzz/fuzz.h
t_fuzz_zone_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
t_fuzz_zone_replay_LDADD = $(UNIT_LDADD)
TESTS += t/fuzz/series_replay t/fuzz/zone_replay

FUZZ_CFLAGS = $(APR_CFLAGS) $(HIREDIS_CFLAGS) $(GMIME_CFLAGS) $(SQLITE_CFLAGS) \
	$(CURL_CFLAGS) $(XML2_CFLAGS) $(ZLIB_CFLAGS) $(JANSSON_CFLAGS) \
	$(ICAL_CFLAGS) $(ICU_CFLAGS) $(CRYPTO_CFLAGS) $(WBXML_CFLAGS)

fuzz: config.h admin/page_data.inc
	$(SHELL) $(top_srcdir)/t/fuzz/run $(top_srcdir) $(FUZZ_SECONDS) '$(FUZZ_TARGETS)' \
		'$(FUZZ_CFLAGS)' '$(libcore_la_LIBADD)' \
		$(libbase_la_SOURCES) $(libcore_la_SOURCES)

clean-local: clean-fuzz
clean-fuzz:
	-rm -rf fuzz
.PHONY: fuzz clean-fuzz
