#include "item/wire.h"

#include <string.h>
#include <strings.h>
#include <gmime/gmime.h>

#include "base/text.h"

#define WIRE_CHUNK 16384

void item_wire_init(item_wire_t *wire, item_source_t *source, apr_uint64_t start, apr_uint64_t end)
{
    memset(wire, 0, sizeof *wire);
    wire->source = source;
    wire->offset = start;
    wire->end = end;
}

base_fault_t *item_wire_read(item_wire_t *wire, char *buffer, apr_size_t *length)
{
    apr_size_t room = *length, n = 0;

    if (wire->newline && room) {
        buffer[n++] = '\n';
        wire->newline = 0;
        wire->last_cr = 0;
    }
    while (n < room && wire->offset < wire->end) {
        const char *bytes, *newline;
        apr_size_t available;

        BASE_TRY(item_source_view(wire->source, wire->offset, 1, &bytes, &available));
        if (available > wire->end - wire->offset)
            available = (apr_size_t)(wire->end - wire->offset);
        if (available > room - n)
            available = room - n;
        if (available == 0)
            break;
        newline = memchr(bytes, '\n', available);
        if (newline)
            available = newline - bytes;
        memcpy(buffer + n, bytes, available);
        n += available;
        wire->offset += available;
        if (available)
            wire->last_cr = bytes[available - 1] == '\r';
        if (!newline || n == room)
            continue;
        if (!wire->last_cr)
            buffer[n++] = '\r';
        wire->last_cr = 0;
        wire->offset++;
        if (n < room)
            buffer[n++] = '\n';
        else
            wire->newline = 1;
    }
    *length = n;
    return NULL;
}

/* Length of the bytes without a character that has only begun. */
static apr_size_t wire_whole(const char *bytes, apr_size_t length, int ended)
{
    apr_size_t back = 0;

    if (ended)
        return length;
    while (back < 3 && back < length && ((unsigned char)bytes[length - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back < length && (unsigned char)bytes[length - 1 - back] >= 0xc0)
        return length - 1 - back;
    return length;
}

base_fault_t *item_wire_copy(item_source_t *source, apr_uint64_t start, apr_uint64_t end, int legal,
                             item_sink_t *sink)
{
    item_wire_t wire;
    char buffer[WIRE_CHUNK + 1];
    apr_size_t kept = 0, n = 1;

    item_wire_init(&wire, source, start, end);
    while (n && !item_sink_done(sink)) {
        apr_size_t whole, length;

        n = WIRE_CHUNK - kept;
        BASE_TRY(item_wire_read(&wire, buffer + kept, &n));
        length = kept + n;
        whole = wire_whole(buffer, length, n == 0);
        if (whole == 0 && n)
            whole = length;
        if (legal && !base_text_xml_legal(buffer, whole)) {
            apr_pool_t *scratch;
            char rest = buffer[whole];

            apr_pool_create(&scratch, sink->buffer.pool);
            buffer[whole] = '\0';
            item_sink_puts(sink, base_text_xml_sanitize(buffer, whole, scratch));
            buffer[whole] = rest;
            apr_pool_destroy(scratch);
        }
        else
            item_sink_write(sink, buffer, whole);
        kept = length - whole;
        memmove(buffer, buffer + whole, kept);
    }
    return sink->fault;
}

base_fault_t *item_wire_copy_field(const item_mime_t *mime, const item_mime_field_t *field,
                                   item_sink_t *sink)
{
    const char *last;
    apr_size_t length;

    BASE_TRY(item_wire_copy(mime->source, field->start, field->end, 0, sink));
    BASE_TRY(item_source_view(mime->source, field->end - 1, 1, &last, &length));
    if (length && *last != '\n')
        item_sink_puts(sink, "\r\n");
    return sink->fault;
}

/* The bytes that the stream still has to deliver. */
static base_fault_t *wire_rest(item_wire_t *wire, apr_uint64_t *rest)
{
    apr_uint64_t offset = wire->offset;
    int last_cr = wire->last_cr;

    *rest = (apr_uint64_t)wire->newline;
    while (offset < wire->end) {
        const char *bytes, *p, *end;
        apr_size_t available;

        BASE_TRY(item_source_view(wire->source, offset, 1, &bytes, &available));
        if (available > wire->end - offset)
            available = (apr_size_t)(wire->end - offset);
        if (available == 0)
            break;
        *rest += available;
        end = bytes + available;
        for (p = bytes; (p = memchr(p, '\n', (size_t)(end - p))); p++)
            *rest += p > bytes ? p[-1] != '\r' : !last_cr;
        last_cr = end[-1] == '\r';
        offset += available;
    }
    return NULL;
}

base_fault_t *item_wire_measure(item_source_t *source, apr_uint64_t limit,
                                item_wire_measure_t *measure)
{
    item_wire_t wire;
    char buffer[WIRE_CHUNK];
    apr_size_t kept = 0, n = 1;
    apr_uint64_t rest, length = 0;
    int more = 0;

    memset(measure, 0, sizeof *measure);
    measure->legal = 1;
    item_wire_init(&wire, source, 0, item_source_size(source));
    while (n && !more) {
        apr_size_t whole;

        n = sizeof buffer - kept;
        BASE_TRY(item_wire_read(&wire, buffer + kept, &n));
        measure->total += n;
        whole = wire_whole(buffer, kept + n, n == 0);
        /* also what is beyond the limit: where to cut is known in legal text only */
        if (measure->legal)
            measure->legal = base_text_xml_legal(buffer, whole);
        more = kept + n > limit - length;
        if (whole > limit - length)
            whole = base_text_utf8_floor(buffer, whole, (apr_size_t)(limit - length));
        length += whole;
        kept = kept + n - whole;
        if (!more)
            memmove(buffer, buffer + whole, kept);
    }
    BASE_TRY(wire_rest(&wire, &rest));
    measure->length = length;
    measure->total += rest;
    return NULL;
}

/* Writes text whose lines end with LF with CRLF. */
static void wire_put_lines(item_sink_t *sink, const char *text, apr_size_t length)
{
    while (length) {
        const char *newline = memchr(text, '\n', length);
        apr_size_t n = newline ? (apr_size_t)(newline - text) : length;

        item_sink_write(sink, text, n);
        if (!newline)
            break;
        item_sink_write(sink, "\r\n", 2);
        text = newline + 1;
        length -= n + 1;
    }
}

/* Makes CRLF to LF in place, since the encoder knows LF only. A CR at the end waits in *cr. */
static apr_size_t wire_strip_cr(char *bytes, apr_size_t length, int *cr)
{
    apr_size_t i, n = 0;

    for (i = 0; i < length; i++) {
        if (bytes[i] == '\r' && (i + 1 == length || bytes[i + 1] == '\n')) {
            *cr = i + 1 == length;
            continue;
        }
        bytes[n++] = bytes[i];
    }
    return n;
}

base_fault_t *item_wire_encode(item_reader_t *content, item_mime_encoding_t encoding,
                               item_sink_t *sink, apr_pool_t *pool)
{
    int text = encoding == ITEM_MIME_QUOTED_PRINTABLE, cr = 0;
    char in[WIRE_CHUNK + 1], *out;
    GMimeEncoding state; /* a plain struct: nothing to release */
    apr_size_t n = 1, produced;

    g_mime_encoding_init_encode(&state, text ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
                                             : GMIME_CONTENT_ENCODING_BASE64);
    out = apr_palloc(pool, g_mime_encoding_outlen(&state, sizeof in) + 16);
    while (n && !item_sink_done(sink)) {
        apr_size_t kept = 0;

        n = WIRE_CHUNK;
        BASE_TRY(content->read(content, in + 1, &n));
        if (cr && (n == 0 || in[1] != '\n')) {
            in[0] = '\r';
            kept = 1;
        }
        cr = 0;
        if (n) {
            apr_size_t used = text ? wire_strip_cr(in + 1, n, &cr) : n;

            produced = g_mime_encoding_step(&state, in + 1 - kept, used + kept, out);
        }
        else
            produced = g_mime_encoding_flush(&state, in + 1 - kept, kept, out);
        if (n == 0 && !text && produced && out[produced - 1] == '\n')
            produced--; /* the line break before a boundary is not the encoder's to write */
        wire_put_lines(sink, out, produced);
    }
    return sink->fault;
}

static int wire_is_field(const char *line, const char *const *names)
{
    for (; *names; names++) {
        apr_size_t n = strlen(*names);

        if (strncasecmp(line, *names, n) == 0 && (line[n] == ':' || line[n] == ' '))
            return 1;
    }
    return 0;
}

base_fault_t *item_wire_copy_header(item_source_t *source, const item_mime_part_t *part,
                                    const char *const *without, item_sink_t *sink, apr_pool_t *pool)
{
    item_reader_t *reader =
        item_reader_range(source, part->start, part->body, ITEM_MIME_IDENTITY, pool);
    const char *line, *next, *header;
    apr_size_t length;
    int skip = 0;

    BASE_TRY(item_reader_all(reader, ITEM_MIME_HEADER_MAX, &header, &length, pool));
    header = base_text_xml_sanitize(header, length, pool);
    for (line = header; *line; line = next) {
        apr_size_t n = strcspn(line, "\n");

        next = line + n + (line[n] == '\n');
        if (n && line[n - 1] == '\r')
            n--;
        if (n == 0)
            continue;
        if (*line != ' ' && *line != '\t')
            skip = wire_is_field(line, without);
        if (skip)
            continue;
        item_sink_write(sink, line, n);
        item_sink_write(sink, "\r\n", 2);
    }
    return sink->fault;
}

static base_fault_t *wire_part_legal(const item_mime_t *mime, const item_mime_part_t *part,
                                     int *legal)
{
    item_reader_t *reader;
    char buffer[WIRE_CHUNK];
    apr_size_t kept = 0, n = 1;
    apr_pool_t *scratch;
    base_fault_t *fault = NULL;

    *legal = 1;
    apr_pool_create(&scratch, mime->pool);
    reader = item_reader_range(mime->source, part->body, part->end, ITEM_MIME_IDENTITY, scratch);
    while (n && *legal && !fault) {
        apr_size_t whole;

        n = sizeof buffer - kept;
        if ((fault = reader->read(reader, buffer + kept, &n)))
            break;
        whole = wire_whole(buffer, kept + n, n == 0);
        *legal = base_text_xml_legal(buffer, whole);
        kept = kept + n - whole;
        memmove(buffer, buffer + whole, kept);
    }
    apr_pool_destroy(scratch);
    return fault;
}

static base_fault_t *wire_encode_part(const item_mime_t *mime, const item_mime_part_t *part,
                                      item_sink_t *sink, apr_pool_t *pool)
{
    static const char *const without[] = {"Content-Transfer-Encoding", NULL};
    int text = strcmp(part->type, "text") == 0;

    BASE_TRY(item_wire_copy_header(mime->source, part, without, sink, pool));
    item_sink_puts(sink, text ? "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                              : "Content-Transfer-Encoding: base64\r\n\r\n");
    return item_wire_encode(item_reader_part(mime, part, pool),
                            text ? ITEM_MIME_QUOTED_PRINTABLE : ITEM_MIME_BASE64, sink, pool);
}

base_fault_t *item_wire_downgrade(const item_mime_t *mime, item_sink_t *sink, apr_pool_t *pool)
{
    apr_uint64_t position = 0;
    const item_mime_part_t *part;

    for (part = mime->root; part && !item_sink_done(sink); part = item_mime_next(part)) {
        int legal;

        if (part->first)
            continue;
        BASE_TRY(wire_part_legal(mime, part, &legal));
        if (legal)
            continue;
        BASE_TRY(item_wire_copy(mime->source, position, part->start, 1, sink));
        BASE_TRY(wire_encode_part(mime, part, sink, pool));
        position = part->end;
    }
    return item_wire_copy(mime->source, position, item_source_size(mime->source), 1, sink);
}
