#!/bin/sh
# The files of the admin page as C, so that they are part of the module:
#   embed.sh FILE... > page_data.inc
set -eu
for file; do
    printf 'static const unsigned char page_%s[] = {\n' "$(basename "$file" | tr '.-' '__')"
    od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
    printf '};\n'
done
printf 'static const page_file_t page_files[] = {\n'
for file; do
    name=$(basename "$file")
    id=page_$(printf '%s' "$name" | tr '.-' '__')
    printf '    {"%s", %s, sizeof %s},\n' "$name" "$id" "$id"
done
printf '};\n'
