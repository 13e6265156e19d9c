#include "admin/call.h"

#include "base/text.h"

base_fault_t *admin_metrics_show(admin_call_t *call)
{
    base_text_buffer_t out = {.pool = call->pool};

    if (!call->service->metrics_write) {
        admin_answer_problem(call, 404, "this server has no metrics", NULL);
        return NULL;
    }
    call->service->metrics_write(call->service->metrics, &out);
    call->response->status = 200;
    call->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    call->response->body = out.data;
    call->response->length = out.length;
    return NULL;
}
