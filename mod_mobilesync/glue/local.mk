apachemodule_LTLIBRARIES =
