/* SPDX-License-Identifier: MIT */
/*
 * Another process takes the guest over: it asks, it is given all, it says that
 * it has it. Until then its going away gives the guest back.
 */
#include <string.h>

#include "handover/handover.h"
#include "qmp/priv.h"

void
run_take_over(struct qmp_call *call)
{
	call->client->qmp->taker = NULL;
	call_ops(call)->take_over(call_ctx(call), call);
}

void
qmp_give(struct qmp_call *call, struct handover *h)
{
	struct qmp_client *c = call->client;
	struct qmp *qmp = c->qmp;
	json_t *json;
	int rc = handover_write(h, &json, &c->out_fds, &c->n_out_fds);

	if (!rc && !c->listener)
		json_decref(json);
	if (!c->listener || rc) {
		c->n_out_fds = 0;
		qmp->ops->untake(qmp->ctx);
		qmp_done(call, rc ? rc : -ESHUTDOWN);
		return;
	}
	qmp->taker = c;
	qmp_return(call, json);
}

void
qmp_take_back(struct qmp *qmp)
{
	struct qmp_client *c = qmp->taker;

	qmp->taker = NULL;
	/* they are not there any more when its socket has room */
	if (c && c->n_out_fds)
		qmp_client_close(c);
}

/* All that is left to say is a few bytes: they go at once or never. */
void
run_taken(struct qmp_call *call)
{
	struct qmp_client *c = call->client;
	const struct qmp_ops *ops = call_ops(call);
	void *ctx = call_ctx(call);

	if (c->qmp->taker != c || !ops->given(ctx)) {
		qmp_fail(call, "The guest is not yours, or not any more");
		return;
	}
	qmp_return(call, json_object());
	if (c->listener && c->out_sent < c->out_len)
		qmp_client_close(c);
	if (c->listener)
		ops->gone(ctx);
}

bool
qmp_handover_bars(const struct qmp_call *call, const char *name)
{
	return strncmp(name, "query-", 6) && strcmp(name, "qmp_capabilities") &&
	       strcmp(name, "x-taken") &&
	       call_ops(call)->taking(call_ctx(call));
}

void
qmp_handover_left(struct qmp_client *c)
{
	struct qmp *qmp = c->qmp;

	if (qmp->taker != c)
		return;
	qmp->taker = NULL;
	qmp->ops->untake(qmp->ctx);
}
