libcore_la_SOURCES += \
	mod_mobilesync/item/attachment.c \
	mod_mobilesync/item/attachment.h \
	mod_mobilesync/item/body.c \
	mod_mobilesync/item/body.h \
	mod_mobilesync/item/body_render.c \
	mod_mobilesync/item/category.c mod_mobilesync/item/category.h \
	mod_mobilesync/item/certificate.c mod_mobilesync/item/certificate.h \
	mod_mobilesync/item/charset.c \
	mod_mobilesync/item/charset.h \
	mod_mobilesync/item/charset.tbl \
	mod_mobilesync/item/class.c \
	mod_mobilesync/item/class.h \
	mod_mobilesync/item/compose.c \
	mod_mobilesync/item/compose.h \
	mod_mobilesync/item/compose_body.c mod_mobilesync/item/compose_make.c \
	mod_mobilesync/item/compose_parts.h \
	mod_mobilesync/item/compose_quote.c \
	mod_mobilesync/item/content.c mod_mobilesync/item/content_calendar.c \
	mod_mobilesync/item/content.h \
	mod_mobilesync/item/contact.c mod_mobilesync/item/contact.h mod_mobilesync/item/contact.tbl \
	mod_mobilesync/item/contact_day.c mod_mobilesync/item/contact_impl.h \
	mod_mobilesync/item/contact_line.c mod_mobilesync/item/contact_related.c \
	mod_mobilesync/item/contact_name.c mod_mobilesync/item/contact_phone.c \
	mod_mobilesync/item/contact_slot.c mod_mobilesync/item/contact_value.c \
	mod_mobilesync/item/conversation.c \
	mod_mobilesync/item/conversation.h \
	mod_mobilesync/item/document.c mod_mobilesync/item/document.h \
	mod_mobilesync/item/document_edit.c mod_mobilesync/item/document_impl.h \
	mod_mobilesync/item/document_parameter.c mod_mobilesync/item/document_print.c \
	mod_mobilesync/item/document_text.c mod_mobilesync/item/document_value.c \
	mod_mobilesync/item/draft.c \
	mod_mobilesync/item/draft.h \
	mod_mobilesync/item/draft_impl.h \
	mod_mobilesync/item/draft_write.c \
	mod_mobilesync/item/email.c \
	mod_mobilesync/item/email.h \
	mod_mobilesync/item/email.tbl \
	mod_mobilesync/item/email_load.c \
	mod_mobilesync/item/email_load.h \
	mod_mobilesync/item/event.c mod_mobilesync/item/event.h mod_mobilesync/item/event.tbl \
	mod_mobilesync/item/event_alarm.c mod_mobilesync/item/event_change.c \
	mod_mobilesync/item/event_days.c mod_mobilesync/item/event_expand.c \
	mod_mobilesync/item/event_files.c mod_mobilesync/item/event_impl.h \
	mod_mobilesync/item/event_move.c mod_mobilesync/item/event_move_rule.c \
	mod_mobilesync/item/event_open.c mod_mobilesync/item/event_people.c \
	mod_mobilesync/item/event_range.c \
	mod_mobilesync/item/event_place.c mod_mobilesync/item/event_series.c \
	mod_mobilesync/item/event_remark.c mod_mobilesync/item/event_series_store.c mod_mobilesync/item/event_time.c \
	mod_mobilesync/item/event_time_store.c mod_mobilesync/item/event_value.c \
	mod_mobilesync/item/event_words.c mod_mobilesync/item/freebusy.c mod_mobilesync/item/freebusy.h \
	mod_mobilesync/item/flag.c mod_mobilesync/item/flag.h mod_mobilesync/item/flag.tbl \
	mod_mobilesync/item/header.c \
	mod_mobilesync/item/header.h \
	mod_mobilesync/item/header_words.c \
	mod_mobilesync/item/html.c \
	mod_mobilesync/item/html.h \
	mod_mobilesync/item/html_filter.c \
	mod_mobilesync/item/html_filter.h \
	mod_mobilesync/item/html_clean.c mod_mobilesync/item/html_clean.tbl \
	mod_mobilesync/item/html_parser.c mod_mobilesync/item/html_parser.h \
	mod_mobilesync/item/html_element.tbl \
	mod_mobilesync/item/ical.c \
	mod_mobilesync/item/ical.h \
	mod_mobilesync/item/clock.c mod_mobilesync/item/clock.h mod_mobilesync/item/clock_impl.h \
	mod_mobilesync/item/clock_component.c mod_mobilesync/item/clock_file.c \
	mod_mobilesync/item/clock_find.c mod_mobilesync/item/clock_match.c \
	mod_mobilesync/item/clock_rules.c mod_mobilesync/item/clock_write.c \
	mod_mobilesync/item/date.h \
	mod_mobilesync/item/rule.c mod_mobilesync/item/rule.h \
	mod_mobilesync/item/scale.c mod_mobilesync/item/scale.h mod_mobilesync/item/scale.tbl \
	mod_mobilesync/item/series.c mod_mobilesync/item/series.h mod_mobilesync/item/series_impl.h \
	mod_mobilesync/item/series_load.c mod_mobilesync/item/series_scale.c \
	mod_mobilesync/item/series_walk.c \
	mod_mobilesync/item/item.c \
	mod_mobilesync/item/item.h \
	mod_mobilesync/item/itip.c mod_mobilesync/item/itip.h mod_mobilesync/item/itip_impl.h \
	mod_mobilesync/item/itip_answer.c mod_mobilesync/item/itip_apply.c \
	mod_mobilesync/item/itip_compose.c mod_mobilesync/item/itip_forward.c \
	mod_mobilesync/item/itip_request.c mod_mobilesync/item/itip_view.c \
	mod_mobilesync/item/itip_diff.c mod_mobilesync/item/itip_diff.h \
	mod_mobilesync/item/kind.c mod_mobilesync/item/kind.h \
	mod_mobilesync/item/describe.c \
	mod_mobilesync/item/note.c mod_mobilesync/item/note.h mod_mobilesync/item/note.tbl \
	mod_mobilesync/item/note_body.c mod_mobilesync/item/note_body.h \
	mod_mobilesync/item/rtf.c mod_mobilesync/item/rtf.h \
	mod_mobilesync/item/letter.c mod_mobilesync/item/letter.h \
	mod_mobilesync/item/meeting.c \
	mod_mobilesync/item/meeting.h \
	mod_mobilesync/item/mime.c \
	mod_mobilesync/item/mime.h \
	mod_mobilesync/item/options.c mod_mobilesync/item/options.h \
	mod_mobilesync/item/oof.c \
	mod_mobilesync/item/oof.h \
	mod_mobilesync/item/plain.c \
	mod_mobilesync/item/task.c mod_mobilesync/item/task.h mod_mobilesync/item/task.tbl \
	mod_mobilesync/item/task_alarm.c mod_mobilesync/item/task_change.c \
	mod_mobilesync/item/task_impl.h mod_mobilesync/item/task_next.c \
	mod_mobilesync/item/task_recurrence.c mod_mobilesync/item/task_time.c \
	mod_mobilesync/item/summary.c mod_mobilesync/item/summary.h \
	mod_mobilesync/item/words.c mod_mobilesync/item/words.h \
	mod_mobilesync/item/words.tbl \
	mod_mobilesync/item/quote.c \
	mod_mobilesync/item/quote.h \
	mod_mobilesync/item/reader.c \
	mod_mobilesync/item/reader.h \
	mod_mobilesync/item/reader_utf8.c \
	mod_mobilesync/item/recurrence.c \
	mod_mobilesync/item/recurrence.h mod_mobilesync/item/recurrence_impl.h \
	mod_mobilesync/item/recurrence_node.c mod_mobilesync/item/recurrence_rule.c \
	mod_mobilesync/item/recurrence_until.c \
	mod_mobilesync/item/reference.c \
	mod_mobilesync/item/reference.h \
	mod_mobilesync/item/sink.c \
	mod_mobilesync/item/sink.h \
	mod_mobilesync/item/source.c \
	mod_mobilesync/item/source.h \
	mod_mobilesync/item/verb.c mod_mobilesync/item/verb.h \
	mod_mobilesync/item/wire.c \
	mod_mobilesync/item/wire.h \
	mod_mobilesync/item/zone.c \
	mod_mobilesync/item/zone.h

ITEM_TESTS = \
	t/unit/item_body_test \
	t/unit/item_clock_test \
	t/unit/item_compose_test \
	t/unit/item_contact_edit_test \
	t/unit/item_contact_long_test \
	t/unit/item_contact_test \
	t/unit/item_describe_test \
	t/unit/item_document_test \
	t/unit/item_draft_test \
	t/unit/item_email_test \
	t/unit/item_event_calendar_test t/unit/item_event_occurrence_test \
	t/unit/item_event_random_test t/unit/item_event_series_test t/unit/item_event_test \
	t/unit/item_event_large_test \
	t/unit/item_event_zone_test t/unit/item_event_days_test \
	t/unit/item_event_move_test \
	t/unit/item_freebusy_test \
	t/unit/item_hostile_test \
	t/unit/item_itip_diff_test \
	t/unit/item_itip_hostile_test \
	t/unit/item_marks_test \
	t/unit/item_itip_test \
	t/unit/item_itip_view_test \
	t/unit/item_meeting_file_test t/unit/item_meeting_test \
	t/unit/item_mime_test \
	t/unit/item_recurrence_test \
	t/unit/item_note_body_test \
	t/unit/item_note_test \
	t/unit/item_reference_test \
	t/unit/item_scale_test t/unit/item_series_test \
	t/unit/item_text_test \
	t/unit/item_zone_test
check_PROGRAMS += $(ITEM_TESTS)
TESTS += $(ITEM_TESTS)
t_unit_item_body_test_SOURCES = t/unit/item_body_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_body_test_LDADD = $(UNIT_LDADD)
t_unit_item_clock_test_SOURCES = t/unit/item_clock_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_clock_test_LDADD = $(UNIT_LDADD)
t_unit_item_compose_test_SOURCES = t/unit/item_compose_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_compose_test_LDADD = $(UNIT_LDADD)
CONTACT_HELPERS = t/unit/contact_helpers.h t/unit/eas_helpers.h t/unit/item_helpers.h \
	t/unit/kind_helpers.h t/unit/tap.h
t_unit_item_contact_edit_test_SOURCES = t/unit/item_contact_edit_test.c $(CONTACT_HELPERS)
t_unit_item_contact_edit_test_LDADD = $(UNIT_LDADD)
t_unit_item_contact_long_test_SOURCES = t/unit/item_contact_long_test.c $(CONTACT_HELPERS)
t_unit_item_contact_long_test_LDADD = $(UNIT_LDADD)
t_unit_item_contact_test_SOURCES = t/unit/item_contact_test.c $(CONTACT_HELPERS)
t_unit_item_contact_test_LDADD = $(UNIT_LDADD)
t_unit_item_document_test_SOURCES = t/unit/item_document_test.c t/unit/eas_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_document_test_LDADD = $(UNIT_LDADD)
t_unit_item_describe_test_SOURCES = t/unit/item_describe_test.c t/unit/tap.h
t_unit_item_describe_test_LDADD = $(UNIT_LDADD)
t_unit_item_draft_test_SOURCES = t/unit/item_draft_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_draft_test_LDADD = $(UNIT_LDADD)
t_unit_item_email_test_SOURCES = t/unit/item_email_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_email_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_random_test_SOURCES = t/unit/item_event_random_test.c t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_random_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_calendar_test_SOURCES = t/unit/item_event_calendar_test.c \
	t/unit/event_helpers.h t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_calendar_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_occurrence_test_SOURCES = t/unit/item_event_occurrence_test.c \
	t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_occurrence_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_series_test_SOURCES = t/unit/item_event_series_test.c t/unit/event_helpers.h \
	t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_series_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_test_SOURCES = t/unit/item_event_test.c t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_large_test_SOURCES = t/unit/item_event_large_test.c t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/memory.h t/unit/tap.h
t_unit_item_event_large_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_zone_test_SOURCES = t/unit/item_event_zone_test.c t/unit/day_helpers.h \
	t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_zone_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_days_test_SOURCES = t/unit/item_event_days_test.c t/unit/day_helpers.h \
	t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_days_test_LDADD = $(UNIT_LDADD)
t_unit_item_event_move_test_SOURCES = t/unit/item_event_move_test.c t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_event_move_test_LDADD = $(UNIT_LDADD)
t_unit_item_freebusy_test_SOURCES = t/unit/item_freebusy_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_freebusy_test_LDADD = $(UNIT_LDADD)
t_unit_item_hostile_test_SOURCES = t/unit/item_hostile_test.c t/unit/item_helpers.h \
	t/unit/memory.h t/unit/tap.h
t_unit_item_hostile_test_LDADD = $(UNIT_LDADD)
t_unit_item_itip_diff_test_SOURCES = t/unit/item_itip_diff_test.c t/unit/item_helpers.h \
	t/unit/memory.h t/unit/tap.h
t_unit_item_itip_diff_test_LDADD = $(UNIT_LDADD)
t_unit_item_itip_hostile_test_SOURCES = t/unit/item_itip_hostile_test.c t/unit/itip_helpers.h \
	t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/memory.h t/unit/tap.h
t_unit_item_itip_hostile_test_LDADD = $(UNIT_LDADD)
t_unit_item_marks_test_SOURCES = t/unit/item_marks_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_marks_test_LDADD = $(UNIT_LDADD)
t_unit_item_itip_test_SOURCES = t/unit/item_itip_test.c t/unit/itip_helpers.h t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_itip_test_LDADD = $(UNIT_LDADD)
t_unit_item_itip_view_test_SOURCES = t/unit/item_itip_view_test.c t/unit/itip_helpers.h t/unit/kind_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_itip_view_test_LDADD = $(UNIT_LDADD)
t_unit_item_meeting_file_test_SOURCES = t/unit/item_meeting_file_test.c t/unit/meeting_helpers.h \
	t/unit/item_helpers.h t/unit/tap.h
t_unit_item_meeting_file_test_LDADD = $(UNIT_LDADD)
t_unit_item_meeting_test_SOURCES = t/unit/item_meeting_test.c t/unit/meeting_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_meeting_test_LDADD = $(UNIT_LDADD)
t_unit_item_mime_test_SOURCES = t/unit/item_mime_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_mime_test_LDADD = $(UNIT_LDADD)
t_unit_item_note_body_test_SOURCES = t/unit/item_note_body_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_note_body_test_LDADD = $(UNIT_LDADD)
t_unit_item_recurrence_test_SOURCES = t/unit/item_recurrence_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_recurrence_test_LDADD = $(UNIT_LDADD)
t_unit_item_note_test_SOURCES = t/unit/item_note_test.c t/unit/kind_helpers.h t/unit/item_helpers.h \
	t/unit/tap.h
t_unit_item_note_test_LDADD = $(UNIT_LDADD)
t_unit_item_reference_test_SOURCES = t/unit/item_reference_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_reference_test_LDADD = $(UNIT_LDADD)
t_unit_item_scale_test_SOURCES = t/unit/item_scale_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_scale_test_LDADD = $(UNIT_LDADD)
t_unit_item_series_test_SOURCES = t/unit/item_series_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_series_test_LDADD = $(UNIT_LDADD)
t_unit_item_zone_test_SOURCES = t/unit/item_zone_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_zone_test_LDADD = $(UNIT_LDADD)
t_unit_item_text_test_SOURCES = t/unit/item_text_test.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_text_test_LDADD = $(UNIT_LDADD)

# what t/perl/item.t drives, and a tool for those who write tests
check_PROGRAMS += t/unit/item_show
t_unit_item_show_SOURCES = t/unit/item_show.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_show_LDADD = $(UNIT_LDADD)
TESTS += t/perl/item.t t/perl/event.t t/perl/event_golden.t
# what t/perl/recurrence.t drives
check_PROGRAMS += t/unit/item_scale_show t/unit/item_series_show
t_unit_item_scale_show_SOURCES = t/unit/item_scale_show.c
t_unit_item_scale_show_LDADD = $(UNIT_LDADD)
t_unit_item_series_show_SOURCES = t/unit/item_series_show.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_series_show_LDADD = $(UNIT_LDADD)
TESTS += t/perl/recurrence.t t/perl/calendar.t
EXTRA_DIST += t/perl/recurrence.t t/bin/recurrence-oracle t/perl/calendar.t t/bin/calendar-oracle \
	t/bin/generate-lunar-years
ITEM_MAIL = \
	t/data/mail/apple-mixed.eml \
	t/data/mail/dsn-delayed.eml \
	t/data/mail/dsn-delivered.eml \
	t/data/mail/dsn-failed.eml \
	t/data/mail/flowed-delsp.eml \
	t/data/mail/flowed.eml \
	t/data/mail/forwarded.eml \
	t/data/mail/html-meta.eml \
	t/data/mail/html-rich.eml \
	t/data/mail/invite.eml \
	t/data/mail/iso-2022-jp.eml \
	t/data/mail/latin1-raw.eml \
	t/data/mail/mdn.eml \
	t/data/mail/outlook-related.eml \
	t/data/mail/smime-opaque.eml \
	t/data/mail/smime-signed.eml \
	t/data/mail/tnef.eml \
	t/data/mail/utf8-raw.eml \
	t/data/mail/wrong-charset.eml
ITEM_EVENTS = \
	t/data/events/day-12.1.xml \
	t/data/events/day-14.0.xml \
	t/data/events/day-14.1.xml \
	t/data/events/day-16.0.xml \
	t/data/events/day-16.1.xml \
	t/data/events/day.ics \
	t/data/events/full-12.1.xml \
	t/data/events/full-14.0.xml \
	t/data/events/full-14.1.xml \
	t/data/events/full-16.0.xml \
	t/data/events/full-16.1.xml \
	t/data/events/full.ics \
	t/data/events/monthly-12.1.xml \
	t/data/events/monthly-14.0.xml \
	t/data/events/monthly-14.1.xml \
	t/data/events/monthly-16.0.xml \
	t/data/events/monthly-16.1.xml \
	t/data/events/monthly.ics \
	t/data/events/yearly-12.1.xml \
	t/data/events/yearly-14.0.xml \
	t/data/events/yearly-14.1.xml \
	t/data/events/yearly-16.0.xml \
	t/data/events/yearly-16.1.xml \
	t/data/events/yearly.ics
EXTRA_DIST += t/perl/item.t t/perl/event.t t/perl/event_golden.t $(ITEM_MAIL) $(ITEM_EVENTS)

check_PROGRAMS += t/unit/item_bench
t_unit_item_bench_SOURCES = t/unit/item_bench.c t/unit/item_helpers.h t/unit/tap.h
t_unit_item_bench_LDADD = $(UNIT_LDADD)

TASK_TESTS = \
	t/unit/item_task_change_test \
	t/unit/item_task_random_test \
	t/unit/item_task_test
check_PROGRAMS += $(TASK_TESTS)
TESTS += $(TASK_TESTS)
task_test_headers = t/unit/task_helpers.h t/unit/kind_helpers.h t/unit/item_helpers.h t/unit/tap.h
t_unit_item_task_change_test_SOURCES = t/unit/item_task_change_test.c $(task_test_headers)
t_unit_item_task_change_test_LDADD = $(UNIT_LDADD)
t_unit_item_task_random_test_SOURCES = t/unit/item_task_random_test.c $(task_test_headers)
t_unit_item_task_random_test_LDADD = $(UNIT_LDADD)
t_unit_item_task_test_SOURCES = t/unit/item_task_test.c $(task_test_headers)
t_unit_item_task_test_LDADD = $(UNIT_LDADD)

# what t/perl/components.t drives, and a tool for those who write tests
check_PROGRAMS += t/unit/kind_show
t_unit_kind_show_SOURCES = t/unit/kind_show.c t/unit/kind_helpers.h t/unit/item_helpers.h
t_unit_kind_show_LDADD = $(UNIT_LDADD)
TESTS += t/perl/components.t
EXTRA_DIST += t/perl/components.t

# by t/unit/kind_show
TESTS += t/perl/contact.t
EXTRA_DIST += t/perl/contact.t
