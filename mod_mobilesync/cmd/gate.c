#include "cmd/gate.h"
#include "cmd/access.h"
#include "cmd/device.h"
#include "cmd/profile.h"
#include "cmd/policy.h"
#include "cmd/wipe.h"

static const char *const gate_fields[] = {
#define GATE_FIELD(field) field,
#define GATE(judge)
#include "cmd/gates.tbl"
#undef GATE
#undef GATE_FIELD
};

static base_fault_t *(*const gates[])(cmd_exchange_t *exchange) = {
#define GATE_FIELD(field)
#define GATE(judge) judge,
#include "cmd/gates.tbl"
#undef GATE
#undef GATE_FIELD
};

static base_fault_t *gate_read(cmd_exchange_t *exchange)
{
    const state_key_t key = cmd_exchange_device_key(exchange);
    state_record_t *record;

    BASE_TRY(cmd_access_read(exchange, &key, gate_fields, sizeof gate_fields / sizeof *gate_fields,
                             &record));
    exchange->device = record;
    return NULL;
}

static base_fault_t *gate_judge(cmd_exchange_t *exchange)
{
    size_t i;

    exchange->run = NULL;
    for (i = 0; i < sizeof gates / sizeof *gates && !exchange->run; i++)
        BASE_TRY(gates[i](exchange));
    return NULL;
}

base_fault_t *cmd_gate_check(cmd_exchange_t *exchange)
{
    BASE_TRY(gate_read(exchange));
    return gate_judge(exchange);
}

base_fault_t *cmd_gate_enter(cmd_exchange_t *exchange)
{
    BASE_TRY(gate_read(exchange));
    BASE_TRY(cmd_device_enter(exchange));
    return gate_judge(exchange);
}
