/* The scripts of the redis driver. Each may run twice for one call, when the first answer
 * was lost: the second run finds what the first did (by token or fence) and answers the same.
 * Numbers stay below 2^53: versions and fences begin as microseconds of the clock. */
#ifndef STATE_REDIS_SCRIPTS_H
#define STATE_REDIS_SCRIPTS_H

/* The format of everything the scripts write. A store of another format is left alone. */
#define REDIS_FORMAT "1"

/* KEYS record, index, devices
 * ARGV expected version, token, format, index member, device, number of deletes,
 *      deletes..., then name and value of each set */
static const char redis_commit_source[] =
    "#!lua\n"
    "local old = redis.call('HMGET', KEYS[1], '_v', '_t', '_x')\n"
    "local version = old[1]\n"
    "if version and old[3] ~= ARGV[3] then return {'FORMAT', old[3] or ''} end\n"
    "if not version then\n"
    "  if redis.call('EXISTS', KEYS[1]) == 1 then return {'FORMAT', ''} end\n"
    "  version = '0'\n"
    "end\n"
    "if version ~= ARGV[1] then\n"
    "  if old[2] == ARGV[2] then return {'OK', version} end\n"
    "  return {'CONFLICT', version}\n"
    "end\n"
    "if version == '0' then\n"
    "  local now = redis.call('TIME')\n"
    "  version = now[1] .. string.format('%06d', now[2])\n"
    /* before the record: should they fail, nothing is written */
    "  redis.call('SADD', KEYS[2], ARGV[4])\n"
    "  redis.call('SADD', KEYS[3], ARGV[5])\n"
    "else\n"
    "  version = string.format('%.0f', version + 1)\n"
    "end\n"
    "local first = 7 + ARGV[6]\n"
    /* unpack is limited to some thousands; an even number keeps pairs together */
    "for i = 7, first - 1, 1000 do\n"
    "  redis.call('HDEL', KEYS[1], unpack(ARGV, i, math.min(i + 999, first - 1)))\n"
    "end\n"
    "for i = first, #ARGV, 1000 do\n"
    "  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV)))\n"
    "end\n"
    "redis.call('HSET', KEYS[1], '_v', version, '_t', ARGV[2], '_x', ARGV[3])\n"
    "return {'OK', version}\n";

/* KEYS record, index, devices; ARGV index member, device */
static const char redis_remove_source[] =
    "#!lua\n"
    "redis.call('UNLINK', KEYS[1])\n"
    "redis.call('SREM', KEYS[2], ARGV[1])\n"
    "if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[2]) end\n"
    "return {'OK'}\n";

/* A scope is a hash: _x format, _f the last fence, "e:ENTRY" one of
 *   "C<fence> <deadline in ms> <token>"  claimed
 *   "A<fence> <deadline in ms> <token>"  claimed again: an earlier holder may have done it
 *   "A0 0 "                              that one released it
 *   "D<fence> <result>"                  done */
#define REDIS_SCOPE_LUA                                                              \
    "#!lua\n"                                                                        \
    "local function extend(ttl)\n"                                                   \
    "  if redis.call('PTTL', KEYS[1]) >= tonumber(ttl) then return end\n"            \
    "  local now = redis.call('TIME')\n"                                             \
    "  local ms = math.floor((now[1] .. string.format('%06d', now[2])) / 1000)\n"    \
    "  redis.call('PEXPIRE', KEYS[1], ttl)\n"                                        \
    "  redis.call('ZADD', KEYS[2], ms + ttl, ARGV[2])\n"                             \
    "  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ms)\n"                        \
    "  if redis.call('PTTL', KEYS[2]) < tonumber(ttl) then\n"                        \
    "    redis.call('PEXPIRE', KEYS[2], ttl)\n"                                      \
    "  end\n"                                                                        \
    "end\n"                                                                          \
    "local format = redis.call('HGET', KEYS[1], '_x')\n"                             \
    "if format ~= ARGV[1] and (format or redis.call('EXISTS', KEYS[1]) == 1) then\n" \
    "  return {'FORMAT', format or ''}\n"                                            \
    "end\n"                                                                          \
    "local field = 'e:' .. ARGV[3]\n"                                                \
    "local held = redis.call('HGET', KEYS[1], field)\n"                              \
    "local was, fence, rest\n"                                                       \
    "if held then was, fence, rest = string.match(held, '^([CAD])(%d+) (.*)$') end\n"

/* KEYS scope, scopes; ARGV format, scope, entry, token, lease in ms, TTL in ms */
static const char redis_claim_source[] = REDIS_SCOPE_LUA
    "local now = redis.call('TIME')\n"
    "now = now[1] .. string.format('%06d', now[2])\n"
    "local ms = math.floor(now / 1000)\n"
    "if was == 'D' then\n"
    "  extend(ARGV[6])\n"
    "  return {'DONE', fence, rest}\n"
    "end\n"
    "local kind = 'C'\n"
    "if held then\n"
    "  local deadline, holder = string.match(rest, '^(%d+) (.*)$')\n"
    "  if holder == ARGV[4] then return {was == 'A' and 'AGAIN' or 'TAKEN', fence} end\n"
    "  if ms < tonumber(deadline) then\n"
    "    return {'BUSY', fence, string.format('%.0f', deadline - ms)}\n"
    "  end\n"
    "  kind = 'A'\n"
    "end\n"
    "local last = redis.call('HGET', KEYS[1], '_f')\n"
    "fence = last and string.format('%.0f', last + 1) or now\n"
    "redis.call('HSET', KEYS[1], '_x', ARGV[1], '_f', fence, field,\n"
    "  kind .. fence .. ' ' .. string.format('%.0f', ms + ARGV[5]) .. ' ' .. ARGV[4])\n"
    "extend(ARGV[6])\n"
    "return {kind == 'A' and 'AGAIN' or 'TAKEN', fence}\n";

/* KEYS scope, scopes; ARGV format, scope, entry, fence, result, TTL in ms */
static const char redis_record_source[] =
    REDIS_SCOPE_LUA "if fence ~= ARGV[4] then return {'CONFLICT'} end\n"
                    "redis.call('HSET', KEYS[1], field, 'D' .. fence .. ' ' .. ARGV[5])\n"
                    "extend(ARGV[6])\n"
                    "return {'OK'}\n";

/* KEYS scope, scopes; ARGV format, scope, entry, fence */
static const char redis_release_source[] =
    REDIS_SCOPE_LUA "if fence ~= ARGV[4] then return {'OK'} end\n"
                    "if was == 'C' then redis.call('HDEL', KEYS[1], field) end\n"
                    "if was == 'A' then redis.call('HSET', KEYS[1], field, 'A0 0 ') end\n"
                    "return {'OK'}\n";

/* KEYS scope, scopes; ARGV scope */
static const char redis_forget_source[] = "#!lua\n"
                                          "redis.call('UNLINK', KEYS[1])\n"
                                          "redis.call('ZREM', KEYS[2], ARGV[1])\n"
                                          "return {'OK'}\n";

/* KEYS audit; ARGV id of the entry that it replaces, name and value of each field */
static const char redis_audit_source[] =
    "#!lua\n"
    "if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return {'OK', ''} end\n"
    "return {'OK', redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2))}\n";

/* KEYS table; ARGV name that is checked ("": none), value expected of it, then name and value of each
 * entry; a value that is one NUL stands for none */
static const char redis_table_source[] =
    "#!lua\n"
    "local none = string.char(0)\n"
    "if ARGV[1] ~= '' then\n"
    "  local now = redis.call('HGET', KEYS[1], ARGV[1]) or none\n"
    "  if now ~= ARGV[2] then\n"
    /* this write has been made before, and its answer got lost */
    "    for i = 3, #ARGV, 2 do\n"
    "      if ARGV[i] == ARGV[1] and ARGV[i + 1] == now then return {'OK'} end\n"
    "    end\n"
    "    return {'CONFLICT'}\n"
    "  end\n"
    "end\n"
    "for i = 3, #ARGV, 2 do\n"
    "  if ARGV[i + 1] == none then\n"
    "    redis.call('HDEL', KEYS[1], ARGV[i])\n"
    "  else\n"
    "    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])\n"
    "  end\n"
    "end\n"
    "return {'OK'}\n";

#endif
