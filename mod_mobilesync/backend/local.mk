libcore_la_SOURCES += \
	mod_mobilesync/backend/backend.c mod_mobilesync/backend/backend.h \
	mod_mobilesync/backend/backend_calls.h mod_mobilesync/backend/backend_search.h \
	mod_mobilesync/backend/directory.c mod_mobilesync/backend/directory.h \
	mod_mobilesync/backend/directory_book.c mod_mobilesync/backend/directory_book.h \
	mod_mobilesync/backend/directory_card.c \
	mod_mobilesync/backend/directory_local.c mod_mobilesync/backend/directory_local.h \
	mod_mobilesync/backend/drivers.h \
	mod_mobilesync/backend/blob.c mod_mobilesync/backend/blob.h \
	mod_mobilesync/backend/lines.c mod_mobilesync/backend/lines.h \
	mod_mobilesync/backend/local.c mod_mobilesync/backend/local.h \
	mod_mobilesync/backend/local_accounts.c mod_mobilesync/backend/local_accounts.h \
	mod_mobilesync/backend/local_alias.c mod_mobilesync/backend/local_alias.h \
	mod_mobilesync/backend/local_cache.c mod_mobilesync/backend/local_cache.h \
	mod_mobilesync/backend/local_conversation.c mod_mobilesync/backend/local_conversation.h \
	mod_mobilesync/backend/local_folder.c mod_mobilesync/backend/local_folder.h \
	mod_mobilesync/backend/local_fs.c mod_mobilesync/backend/local_fs.h \
	mod_mobilesync/backend/local_index.c mod_mobilesync/backend/local_index.h \
	mod_mobilesync/backend/local_item.c mod_mobilesync/backend/local_item.h \
	mod_mobilesync/backend/local_name.c mod_mobilesync/backend/local_name.h \
	mod_mobilesync/backend/local_node.c mod_mobilesync/backend/local_node.h \
	mod_mobilesync/backend/local_property.c mod_mobilesync/backend/local_property.h \
	mod_mobilesync/backend/local_put.c mod_mobilesync/backend/local_write.c \
	mod_mobilesync/backend/local_query.c mod_mobilesync/backend/local_query.h \
	mod_mobilesync/backend/local_scan.c mod_mobilesync/backend/local_scan.h \
	mod_mobilesync/backend/local_setting.c mod_mobilesync/backend/local_setting.h \
	mod_mobilesync/backend/local_search.c mod_mobilesync/backend/local_search.h \
	mod_mobilesync/backend/local_sql.tbl \
	mod_mobilesync/backend/local_tree.c mod_mobilesync/backend/local_tree.h \
	mod_mobilesync/backend/local_collection.c \
	mod_mobilesync/backend/local_dispatch.c mod_mobilesync/backend/local_dispatch.h \
	mod_mobilesync/backend/local_look.c mod_mobilesync/backend/local_look.h \
	mod_mobilesync/backend/local_mark.c mod_mobilesync/backend/local_mark.h \
	mod_mobilesync/backend/local_vdir.c mod_mobilesync/backend/local_vdir.h \
	mod_mobilesync/backend/local_vdir_file.c \
	mod_mobilesync/backend/local_vdir_match.c mod_mobilesync/backend/local_vdir_match.h \
	mod_mobilesync/backend/local_vdir_put.c \
	mod_mobilesync/backend/local_vdir_scan.c \
	mod_mobilesync/backend/local_vdir_tree.c \
	mod_mobilesync/backend/local_vdir_write.c \
	mod_mobilesync/backend/local_watch.c mod_mobilesync/backend/local_watch.h \
	mod_mobilesync/backend/fail.c mod_mobilesync/backend/fail.h \
	mod_mobilesync/backend/memory.c mod_mobilesync/backend/memory.h \
	mod_mobilesync/backend/memory_conversation.c \
	mod_mobilesync/backend/memory_items.c \
	mod_mobilesync/backend/memory_hooks.c \
	mod_mobilesync/backend/memory_store.c mod_mobilesync/backend/memory_store.h \
	mod_mobilesync/backend/properties.c mod_mobilesync/backend/properties.h \
	mod_mobilesync/backend/notice.c mod_mobilesync/backend/notice.h \
	mod_mobilesync/backend/search_index.c mod_mobilesync/backend/search_index.h \
	mod_mobilesync/backend/search_query.c \
	mod_mobilesync/backend/search_sql.tbl \
	mod_mobilesync/backend/search_store.c mod_mobilesync/backend/search_store.h \
	mod_mobilesync/backend/sql.c mod_mobilesync/backend/sql.h \
	mod_mobilesync/backend/submit.c mod_mobilesync/backend/submit.h \
	mod_mobilesync/backend/submit_ways.h \
	mod_mobilesync/backend/submit_program.c mod_mobilesync/backend/submit_smtp.c \
	mod_mobilesync/backend/watchers.c mod_mobilesync/backend/watchers.h

check_PROGRAMS += t/unit/backend_memory_test
t_unit_backend_memory_test_SOURCES = t/unit/backend_memory_test.c t/unit/backend_contract.h t/unit/backend_contract_class.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/tap.h
t_unit_backend_memory_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_memory_test

check_PROGRAMS += t/unit/backend_fail_test
t_unit_backend_fail_test_SOURCES = t/unit/backend_fail_test.c t/unit/backend_contract.h t/unit/backend_contract_class.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/tap.h
t_unit_backend_fail_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_fail_test

check_PROGRAMS += t/unit/backend_submit_test
t_unit_backend_submit_test_SOURCES = t/unit/backend_submit_test.c t/unit/tap.h
t_unit_backend_submit_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_submit_test

check_PROGRAMS += t/unit/backend_local_test
t_unit_backend_local_test_SOURCES = t/unit/backend_local_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_local_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_local_test

check_PROGRAMS += t/unit/backend_maildir_test
t_unit_backend_maildir_test_SOURCES = t/unit/backend_maildir_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_maildir_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_maildir_test

check_PROGRAMS += t/unit/backend_property_test
t_unit_backend_property_test_SOURCES = t/unit/backend_property_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_property_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_property_test

check_PROGRAMS += t/unit/backend_large_test
t_unit_backend_large_test_SOURCES = t/unit/backend_large_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_large_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_large_test

check_PROGRAMS += t/unit/backend_race_test
t_unit_backend_race_test_SOURCES = t/unit/backend_race_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_race_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_race_test

check_PROGRAMS += t/unit/backend_watch_test
t_unit_backend_watch_test_SOURCES = t/unit/backend_watch_test.c t/unit/backend_ear.h t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_watch_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_watch_test

check_PROGRAMS += t/unit/backend_store_test
t_unit_backend_store_test_SOURCES = t/unit/backend_store_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_store_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_store_test

check_PROGRAMS += t/unit/backend_search_test
t_unit_backend_search_test_SOURCES = t/unit/backend_search_test.c t/unit/backend_contract.h t/unit/backend_contract_put.h t/unit/backend_contract_properties.h t/unit/backend_contract_conversation.h \
	t/unit/backend_maildir.h t/unit/tap.h
t_unit_backend_search_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_search_test

check_PROGRAMS += t/unit/backend_collection_test
t_unit_backend_collection_test_SOURCES = t/unit/backend_collection_test.c t/unit/backend_vdir.h \
	t/unit/backend_maildir.h t/unit/backend_contract.h t/unit/tap.h
t_unit_backend_collection_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_collection_test

check_PROGRAMS += t/unit/backend_vdir_test
t_unit_backend_vdir_test_SOURCES = t/unit/backend_vdir_test.c t/unit/backend_vdir.h \
	t/unit/backend_maildir.h t/unit/backend_contract.h t/unit/backend_contract_class.h \
	t/unit/tap.h
t_unit_backend_vdir_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_vdir_test

check_PROGRAMS += t/unit/backend_vdir_race_test
t_unit_backend_vdir_race_test_SOURCES = t/unit/backend_vdir_race_test.c t/unit/backend_vdir.h \
	t/unit/backend_maildir.h t/unit/backend_contract.h t/unit/tap.h
t_unit_backend_vdir_race_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_vdir_race_test

check_PROGRAMS += t/unit/backend_vdir_watch_test
t_unit_backend_vdir_watch_test_SOURCES = t/unit/backend_vdir_watch_test.c t/unit/backend_vdir.h \
	t/unit/backend_ear.h t/unit/backend_maildir.h t/unit/backend_contract.h t/unit/tap.h
t_unit_backend_vdir_watch_test_LDADD = $(UNIT_LDADD)
TESTS += t/unit/backend_vdir_watch_test
