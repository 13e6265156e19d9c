libcore_la_SOURCES += \
	mod_mobilesync/cmd/autodiscover.c mod_mobilesync/cmd/autodiscover.h \
	mod_mobilesync/cmd/autodiscover_json.c \
	mod_mobilesync/cmd/autodiscover_request.c \
	mod_mobilesync/cmd/autodiscover_xml.c \
	mod_mobilesync/cmd/access.c mod_mobilesync/cmd/access.h \
	mod_mobilesync/cmd/access_news.c mod_mobilesync/cmd/access_news.h \
	mod_mobilesync/cmd/access_notice.c \
	mod_mobilesync/cmd/access_rules.c mod_mobilesync/cmd/access_rules.h \
	mod_mobilesync/cmd/availability.c mod_mobilesync/cmd/availability.h \
	mod_mobilesync/cmd/brake.c mod_mobilesync/cmd/brake.h \
	mod_mobilesync/cmd/cmd.h \
	mod_mobilesync/cmd/collection.h \
	mod_mobilesync/cmd/commands.tbl \
	mod_mobilesync/cmd/contacts.c mod_mobilesync/cmd/contacts.h \
	mod_mobilesync/cmd/conversation.c mod_mobilesync/cmd/conversation.h \
	mod_mobilesync/cmd/device.c mod_mobilesync/cmd/device.h \
	mod_mobilesync/cmd/dispatch.c \
	mod_mobilesync/cmd/empty_folder.c mod_mobilesync/cmd/empty_folder.h \
	mod_mobilesync/cmd/exchange.c \
	mod_mobilesync/cmd/find.c mod_mobilesync/cmd/find.h mod_mobilesync/cmd/find_gal.c \
	mod_mobilesync/cmd/folder_change.c mod_mobilesync/cmd/folder_change.h \
	mod_mobilesync/cmd/folder_create.c \
	mod_mobilesync/cmd/folder_delete.c \
	mod_mobilesync/cmd/folder_sync.c \
	mod_mobilesync/cmd/folder_update.c \
	mod_mobilesync/cmd/gal.c mod_mobilesync/cmd/gal.h \
	mod_mobilesync/cmd/gate.c mod_mobilesync/cmd/gate.h mod_mobilesync/cmd/gates.tbl \
	mod_mobilesync/cmd/get_attachment.c \
	mod_mobilesync/cmd/get_item_estimate.c \
	mod_mobilesync/cmd/hierarchy.h \
	mod_mobilesync/cmd/item_operations.c \
	mod_mobilesync/cmd/meeting.c mod_mobilesync/cmd/meeting.h \
	mod_mobilesync/cmd/meeting_response.c \
	mod_mobilesync/cmd/meeting_send.c mod_mobilesync/cmd/meeting_send.h \
	mod_mobilesync/cmd/move_items.c \
	mod_mobilesync/cmd/oof.c mod_mobilesync/cmd/oof.h mod_mobilesync/cmd/oof_settings.c \
	mod_mobilesync/cmd/once.c mod_mobilesync/cmd/once.h \
	mod_mobilesync/cmd/options.c mod_mobilesync/cmd/options.h \
	mod_mobilesync/cmd/outbox.c mod_mobilesync/cmd/outbox.h \
	mod_mobilesync/cmd/ping.c \
	mod_mobilesync/cmd/range.c mod_mobilesync/cmd/range.h \
	mod_mobilesync/cmd/received.c mod_mobilesync/cmd/received.h \
	mod_mobilesync/cmd/report.c mod_mobilesync/cmd/report.h \
	mod_mobilesync/cmd/profile.c mod_mobilesync/cmd/profile.h \
	mod_mobilesync/cmd/policy.c mod_mobilesync/cmd/policy.h \
	mod_mobilesync/cmd/provision.c \
	mod_mobilesync/cmd/query.c mod_mobilesync/cmd/query.h mod_mobilesync/cmd/query_dates.c \
	mod_mobilesync/cmd/resolve_recipients.c \
	mod_mobilesync/cmd/search.c mod_mobilesync/cmd/search.h \
	mod_mobilesync/cmd/search_mailbox.c mod_mobilesync/cmd/search_mailbox.h \
	mod_mobilesync/cmd/search_store_gal.c mod_mobilesync/cmd/search_store_mailbox.c \
	mod_mobilesync/cmd/send.c mod_mobilesync/cmd/send.h \
	mod_mobilesync/cmd/send_deliver.c mod_mobilesync/cmd/send_forward.c \
	mod_mobilesync/cmd/send_schedule.c \
	mod_mobilesync/cmd/send_mail.c \
	mod_mobilesync/cmd/send_request.c \
	mod_mobilesync/cmd/settings.c \
	mod_mobilesync/cmd/smart_forward.c mod_mobilesync/cmd/smart_reply.c \
	mod_mobilesync/cmd/sync.c \
	mod_mobilesync/cmd/sync_drafts.c mod_mobilesync/cmd/sync_drafts.h \
	mod_mobilesync/cmd/sync_edit.c mod_mobilesync/cmd/sync_edit.h \
	mod_mobilesync/cmd/sync_merge.c mod_mobilesync/cmd/sync_merge.h \
	mod_mobilesync/cmd/sync_ops.c mod_mobilesync/cmd/sync_ops.h mod_mobilesync/cmd/sync_ops_impl.h \
	mod_mobilesync/cmd/sync_responses.c \
	mod_mobilesync/cmd/sync_request.c mod_mobilesync/cmd/sync_request.h \
	mod_mobilesync/cmd/sync_step.c mod_mobilesync/cmd/sync_step.h \
	mod_mobilesync/cmd/validate_cert.c \
	mod_mobilesync/cmd/watch.c mod_mobilesync/cmd/watch.h \
	mod_mobilesync/cmd/wipe.c mod_mobilesync/cmd/wipe.h

# the steps of one collection and of the hierarchy, without WBXML
libcore_la_SOURCES += \
	mod_mobilesync/cmd/collection.c \
	mod_mobilesync/cmd/collection_claim.c \
	mod_mobilesync/cmd/collection_commit.c \
	mod_mobilesync/cmd/collection_effect.c \
	mod_mobilesync/cmd/collection_impl.h \
	mod_mobilesync/cmd/collection_merge.c \
	mod_mobilesync/cmd/collection_ops.c \
	mod_mobilesync/cmd/collection_run.c \
	mod_mobilesync/cmd/collection_state.c \
	mod_mobilesync/cmd/collection_trial.c \
	mod_mobilesync/cmd/collection_watch.c \
	mod_mobilesync/cmd/hierarchy.c

check_PROGRAMS += t/unit/model_test
t_unit_model_test_SOURCES = t/unit/model_test.c t/unit/model_device.c t/unit/model_request.c \
	t/unit/model_world.c t/unit/model.h t/unit/model_sequence.c t/unit/model_sequence.h t/unit/tap.h
t_unit_model_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/model_test

check_PROGRAMS += t/unit/model_mail_test
t_unit_model_mail_test_SOURCES = t/unit/model_mail_test.c t/unit/model_mail_folder.c \
	t/unit/model_mail_class.c t/unit/model_mail_event.c t/unit/model_mail_judge.c t/unit/model_mail_move.c t/unit/model_mail_others.c \
	t/unit/model_mail_request.c t/unit/model_mail_sync.c t/unit/model_mail_user.c \
	t/unit/model_mail_world.c t/unit/model_mail.h t/unit/model_sequence.c \
	t/unit/model_sequence.h t/unit/cmd_helpers.h t/unit/tap.h
t_unit_model_mail_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/model_mail_test

check_PROGRAMS += t/unit/cmd_move_test
t_unit_cmd_move_test_SOURCES = t/unit/cmd_move_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_move_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_move_test

check_PROGRAMS += t/unit/cmd_folder_test
t_unit_cmd_folder_test_SOURCES = t/unit/cmd_folder_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_folder_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_folder_test

check_PROGRAMS += t/unit/cmd_conversation_mode_test
t_unit_cmd_conversation_mode_test_SOURCES = t/unit/cmd_conversation_mode_test.c \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_conversation_mode_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_conversation_mode_test

check_PROGRAMS += t/unit/cmd_access_notice_test
t_unit_cmd_access_notice_test_SOURCES = t/unit/cmd_access_notice_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_access_notice_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_access_notice_test

check_PROGRAMS += t/unit/cmd_empty_test
t_unit_cmd_empty_test_SOURCES = t/unit/cmd_empty_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_empty_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_empty_test

check_PROGRAMS += t/unit/cmd_attachment_test
t_unit_cmd_attachment_test_SOURCES = t/unit/cmd_attachment_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_attachment_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_attachment_test

check_PROGRAMS += t/unit/cmd_forward_test
t_unit_cmd_forward_test_SOURCES = t/unit/cmd_forward_test.c t/unit/forward_helpers.h t/unit/send_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_forward_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_forward_test
check_PROGRAMS += t/unit/cmd_schedule_test
t_unit_cmd_schedule_test_SOURCES = t/unit/cmd_schedule_test.c t/unit/forward_helpers.h t/unit/send_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_schedule_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_schedule_test
check_PROGRAMS += t/unit/cmd_meeting_test
t_unit_cmd_meeting_test_SOURCES = t/unit/cmd_meeting_test.c t/unit/send_helpers.h \
	t/unit/cmd_helpers.h t/unit/eas_helpers.h t/unit/tap.h
t_unit_cmd_meeting_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_meeting_test
check_PROGRAMS += t/unit/cmd_meeting_send_test
t_unit_cmd_meeting_send_test_SOURCES = t/unit/cmd_meeting_send_test.c t/unit/cmd_item_helpers.h \
	t/unit/cmd_helpers.h t/unit/eas_helpers.h t/unit/tap.h
t_unit_cmd_meeting_send_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_meeting_send_test
check_PROGRAMS += t/unit/cmd_send_test t/unit/cmd_send_crash_test
t_unit_cmd_send_test_SOURCES = t/unit/cmd_send_test.c t/unit/send_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_send_test_LDADD = $(UNIT_LDADD)
t_unit_cmd_send_crash_test_SOURCES = t/unit/cmd_send_crash_test.c t/unit/send_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_send_crash_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_send_test t/unit/cmd_send_crash_test

check_PROGRAMS += t/unit/collection_test t/unit/collection_add_test t/unit/collection_merge_test \
	t/unit/collection_expired_test \
	t/unit/collection_look_test t/unit/collection_race_test t/unit/collection_trial_test \
	t/unit/collection_conversation_test \
	t/unit/hierarchy_test
t_unit_collection_conversation_test_SOURCES = t/unit/collection_conversation_test.c \
	t/unit/collection_helpers.h t/unit/tap.h
t_unit_collection_conversation_test_LDADD = $(UNIT_LDADD)
t_unit_collection_expired_test_SOURCES = t/unit/collection_expired_test.c \
	t/unit/collection_helpers.h t/unit/tap.h
t_unit_collection_expired_test_LDADD = $(UNIT_LDADD)
t_unit_collection_add_test_SOURCES = t/unit/collection_add_test.c t/unit/collection_helpers.h \
	t/unit/tap.h
t_unit_collection_add_test_LDADD = $(UNIT_LDADD)
t_unit_collection_merge_test_SOURCES = t/unit/collection_merge_test.c t/unit/collection_helpers.h \
	t/unit/tap.h
t_unit_collection_merge_test_LDADD = $(UNIT_LDADD)
t_unit_collection_trial_test_SOURCES = t/unit/collection_trial_test.c t/unit/collection_helpers.h \
	t/unit/tap.h
t_unit_collection_trial_test_LDADD = $(UNIT_LDADD)
t_unit_collection_test_SOURCES = t/unit/collection_test.c t/unit/collection_helpers.h t/unit/tap.h
t_unit_collection_test_LDADD = $(UNIT_LDADD)
t_unit_collection_look_test_SOURCES = t/unit/collection_look_test.c t/unit/collection_helpers.h \
	t/unit/tap.h
t_unit_collection_look_test_LDADD = $(UNIT_LDADD)
t_unit_collection_race_test_SOURCES = t/unit/collection_race_test.c t/unit/collection_helpers.h \
	t/unit/tap.h
t_unit_collection_race_test_LDADD = $(UNIT_LDADD)
t_unit_hierarchy_test_SOURCES = t/unit/hierarchy_test.c t/unit/tap.h
t_unit_hierarchy_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/collection_test t/unit/collection_add_test t/unit/collection_merge_test \
	t/unit/collection_expired_test \
	t/unit/collection_look_test t/unit/collection_race_test t/unit/collection_trial_test \
	t/unit/collection_conversation_test \
	t/unit/hierarchy_test

check_PROGRAMS += t/unit/cmd_event_year_test
t_unit_cmd_event_year_test_SOURCES = t/unit/cmd_event_year_test.c t/unit/cmd_item_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_event_year_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_event_year_test
check_PROGRAMS += t/unit/cmd_item_test
t_unit_cmd_item_test_SOURCES = t/unit/cmd_item_test.c t/unit/cmd_item_helpers.h \
	t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_item_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_item_test

check_PROGRAMS += t/unit/cmd_query_test
t_unit_cmd_query_test_SOURCES = t/unit/cmd_query_test.c t/unit/tap.h
t_unit_cmd_query_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_query_test

check_PROGRAMS += t/unit/cmd_certificate_test
t_unit_cmd_certificate_test_SOURCES = t/unit/cmd_certificate_test.c t/unit/cmd_helpers.h \
	t/unit/tap.h
t_unit_cmd_certificate_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_certificate_test

check_PROGRAMS += t/unit/cmd_provision_test
t_unit_cmd_provision_test_SOURCES = t/unit/cmd_provision_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_provision_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_provision_test

check_PROGRAMS += t/unit/cmd_access_test
t_unit_cmd_access_test_SOURCES = t/unit/cmd_access_test.c t/unit/cmd_helpers.h t/unit/tap.h
t_unit_cmd_access_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/cmd_access_test
